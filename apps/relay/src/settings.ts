import {
  inboxOutlivesOutbox,
  retentionVariables,
  serviceSettings,
  settingsOrExit,
  take,
} from '@paid-once/service';
import type { z } from 'zod';

const schema = serviceSettings.extend(
  take(
    ...retentionVariables,
    'PAID_ONCE_RELAY_PORT',
    'PAID_ONCE_RELAY_DB_URL',
    'PAID_ONCE_PAYMENTS_RETENTION_DB_URL',
    'PAID_ONCE_RELAY_AMQP_URL',
    'PAID_ONCE_HEARTBEAT_SECONDS',
    'PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS',
    'PAID_ONCE_RELAY_SLICE',
    'PAID_ONCE_REPAIR_EVERY_SECONDS',
    'PAID_ONCE_LEDGER_URL',
    'PAID_ONCE_RELAY_LEDGER_KEY',
    'PAID_ONCE_REPLAY_PER_SECOND',
    'PAID_ONCE_STUCK_SECONDS',
  ),
);
export type RelaySettings = z.infer<typeof schema>;

const whole = inboxOutlivesOutbox(schema).refine(
  (settings) =>
    settings.PAID_ONCE_LAB ||
    settings.PAID_ONCE_REPAIR_EVERY_SECONDS === 0 ||
    settings.PAID_ONCE_RELAY_LEDGER_KEY !== undefined,
  {
    path: ['PAID_ONCE_RELAY_LEDGER_KEY'],
    error:
      'not set: without it the ledger answers no question of the relay, and what RabbitMQ loses is not found',
  },
);

export const relaySettings = (): RelaySettings => settingsOrExit(whole);
