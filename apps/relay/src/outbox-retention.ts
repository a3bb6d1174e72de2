import { OutboxRetention, outboxRetentionSession } from '@paid-once/outbox';
import { RetentionModule } from '@paid-once/service';
import type { RelaySettings } from './settings.js';

/** Removes the outbox's history. While repair runs, only of what the ledger was seen to have. */
export function outboxRetention(settings: RelaySettings) {
  const retention = new OutboxRetention({
    retentionMinutes: settings.PAID_ONCE_OUTBOX_RETENTION_MINUTES,
    verifiedOnly: settings.PAID_ONCE_REPAIR_EVERY_SECONDS > 0,
  });
  return RetentionModule.with({
    url: settings.PAID_ONCE_PAYMENTS_RETENTION_DB_URL,
    variable: 'PAID_ONCE_PAYMENTS_RETENTION_DB_URL',
    everySeconds: settings.PAID_ONCE_RETENTION_EVERY_SECONDS,
    process: 'outbox retention',
    session: outboxRetentionSession,
    run: (db, signal) => retention.run(db, signal),
  });
}
