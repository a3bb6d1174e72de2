import { integer, port, serviceSettings, settingsOrExit, url } from '@paid-once/service';
import type { z } from 'zod';

const schema = serviceSettings.extend({
  PAID_ONCE_PAYMENTS_PORT: port(8080),
  PAID_ONCE_PAYMENTS_DB_URL: url('postgres:', 'postgresql:'),
  PAID_ONCE_PAYMENTS_POOL: integer({ min: 2, max: 100, otherwise: 10 }),
  PAID_ONCE_PAYMENTS_BATCH: integer({ min: 1, max: 1_000, otherwise: 200 }),
  PAID_ONCE_PAYMENTS_BACKLOG: integer({ min: 1, max: 100_000, otherwise: 2_000 }).describe(
    'payments in hand at once, those that wait included: what comes above is answered 503 at once',
  ),
  PAID_ONCE_DRAIN_MS: integer({ min: 0, max: 60_000, otherwise: 500 }).describe(
    'how long it still takes payments when it was told to stop and is not ready any more, in milliseconds: as long as it ' +
      'takes those who send them to notice, and some seconds less than until kill -9 (4 s by npm start, 8 s in containers)',
  ),
  PAID_ONCE_PAYMENTS_AMQP_URL: url('amqp:', 'amqps:')
    .optional()
    .describe(
      'lab mode only: how chapter 1 publishes beside its transaction; without it there is no chapter 1',
    ),
  PAID_ONCE_LEDGER_URL: url('http:', 'https:').default('http://127.0.0.1:8081'),
});
export type PaymentsSettings = z.infer<typeof schema>;

export const paymentsSettings = (): PaymentsSettings => settingsOrExit(schema);
