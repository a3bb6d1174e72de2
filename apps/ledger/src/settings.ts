import { inboxOutlivesOutbox, retentionVariables, serviceSettings, take } from '@paid-once/service';
import type { z } from 'zod';

const schema = serviceSettings.extend(
  take(
    ...retentionVariables,
    'PAID_ONCE_LEDGER_PORT',
    'PAID_ONCE_LEDGER_DB_URL',
    'PAID_ONCE_LEDGER_AMQP_URL',
    'PAID_ONCE_LEDGER_TRUSTS',
    'PAID_ONCE_LEDGER_RETENTION_DB_URL',
    'PAID_ONCE_HEARTBEAT_SECONDS',
    'PAID_ONCE_RECONNECT_MAX_MS',
    'PAID_ONCE_LEDGER_PREFETCH',
    'PAID_ONCE_LEDGER_BATCH_SIZE',
  ),
);
export const ledgerSettings = inboxOutlivesOutbox(schema);
export type LedgerSettings = z.infer<typeof ledgerSettings>;
export const LEDGER_SETTINGS = Symbol('ledger settings');
