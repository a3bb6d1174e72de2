import { isApiKey } from '@paid-once/contracts';
import {
  heartbeatSeconds,
  inboxOutlivesOutbox,
  integer,
  port,
  retentionSettings,
  serviceSettings,
  settingsOrExit,
  url,
} from '@paid-once/service';
import { z } from 'zod';

const schema = serviceSettings.extend({
  ...retentionSettings,
  PAID_ONCE_RELAY_PORT: port(8082),
  PAID_ONCE_RELAY_DB_URL: url('postgres:', 'postgresql:'),
  /** As the role that may remove history; without it nothing is removed. */
  PAID_ONCE_PAYMENTS_RETENTION_DB_URL: url('postgres:', 'postgresql:').optional(),
  PAID_ONCE_RELAY_AMQP_URL: url('amqp:', 'amqps:'),
  PAID_ONCE_HEARTBEAT_SECONDS: heartbeatSeconds,
  /** How long the broker may go without confirming anything. */
  PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: integer({ min: 100, max: 60_000, otherwise: 5_000 }),
  /** How many messages are published before their confirms are awaited. */
  PAID_ONCE_RELAY_SLICE: integer({ min: 1, max: 10_000, otherwise: 1_000 }),
  /** How often what the broker has confirmed is looked for at the ledger, and published again where it is missing; 0: never. */
  PAID_ONCE_REPAIR_EVERY_SECONDS: integer({ min: 0, max: 86_400, otherwise: 60 }),
  PAID_ONCE_LEDGER_URL: url('http:', 'https:').default('http://127.0.0.1:8081'),
  /** What the ledger lets the relay ask with; setup makes it known there. */
  PAID_ONCE_RELAY_LEDGER_KEY: z.string().refine(isApiKey, 'is no API key').optional(),
  /** How many messages of history, or dead letters, a shard publishes again in a second, beside the live ones. */
  PAID_ONCE_REPLAY_PER_SECOND: integer({ min: 1, max: 100_000, otherwise: 500 }),
});
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
