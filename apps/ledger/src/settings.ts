import {
  heartbeatSeconds,
  inboxOutlivesOutbox,
  integer,
  port,
  retentionSettings,
  serviceSettings,
  url,
} from '@paid-once/service';
import { z } from 'zod';

const schema = serviceSettings.extend({
  ...retentionSettings,
  PAID_ONCE_LEDGER_DB_URL: url('postgres:', 'postgresql:').describe('as the role that setup made'),
  PAID_ONCE_LEDGER_AMQP_URL: url('amqp:', 'amqps:').describe(
    'as the user that setup made, with the virtual host',
  ),
  PAID_ONCE_LEDGER_TRUSTS: z
    .string()
    .regex(/^[^,\s]+(,[^,\s]+)*$/, 'is no list of users with commas')
    .transform((users) => users.split(','))
    .default(['relay'])
    .describe(
      'the users of RabbitMQ whose messages are posted; whatever else comes is parked as forged. `unsigned` among them lets through ' +
        'what does not say by whom it is, such as what the release before has published',
    ),
  PAID_ONCE_LEDGER_RETENTION_DB_URL: url('postgres:', 'postgresql:')
    .optional()
    .describe('as the role that may forget messages; without it nothing is forgotten'),
  PAID_ONCE_LEDGER_PORT: port(8081),
  PAID_ONCE_HEARTBEAT_SECONDS: heartbeatSeconds,
  PAID_ONCE_RECONNECT_MAX_MS: integer({ min: 100, max: 60_000, otherwise: 2_000 }).describe(
    'the longest pause between two attempts to reach the broker',
  ),
  PAID_ONCE_LEDGER_PREFETCH: integer({ min: 1, max: 10_000, otherwise: 1_000 }).describe(
    'unacknowledged deliveries a queue: what is kept in memory while the database is away',
  ),
  PAID_ONCE_LEDGER_BATCH_SIZE: integer({ min: 1, max: 2_000, otherwise: 1_000 }).describe(
    'deliveries in one transaction, at most; two transactions run side by side',
  ),
  PAID_ONCE_INBOX_RETENTION_MINUTES: integer({ min: 1, max: 5_256_000, otherwise: 20_160 }).describe(
    'how long the inbox remembers the messages it has seen',
  ),
});
export const ledgerSettings = inboxOutlivesOutbox(schema);
export type LedgerSettings = z.infer<typeof ledgerSettings>;
export const LEDGER_SETTINGS = Symbol('ledger settings');
