import { serviceSettings, settingsOrExit, take } from '@paid-once/service';
import type { z } from 'zod';

const schema = serviceSettings.extend(
  take(
    'PAID_ONCE_PAYMENTS_PORT',
    'PAID_ONCE_PAYMENTS_DB_URL',
    'PAID_ONCE_PAYMENTS_POOL',
    'PAID_ONCE_PAYMENTS_BATCH',
    'PAID_ONCE_PAYMENTS_BACKLOG',
    'PAID_ONCE_DRAIN_MS',
    'PAID_ONCE_PAYMENTS_AMQP_URL',
    'PAID_ONCE_LEDGER_URL',
  ),
);
export type PaymentsSettings = z.infer<typeof schema>;

export const paymentsSettings = (): PaymentsSettings => settingsOrExit(schema);
