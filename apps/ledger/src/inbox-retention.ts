import { InboxRetention, inboxRetentionSession } from '@paid-once/inbox';
import { RetentionModule } from '@paid-once/service';
import type { LedgerSettings } from './settings.js';

/** Forgets messages that are too old to come again. */
export function inboxRetention(settings: LedgerSettings) {
  const retention = new InboxRetention({ retentionMinutes: settings.PAID_ONCE_INBOX_RETENTION_MINUTES });
  return RetentionModule.with({
    url: settings.PAID_ONCE_LEDGER_RETENTION_DB_URL,
    variable: 'PAID_ONCE_LEDGER_RETENTION_DB_URL',
    everySeconds: settings.PAID_ONCE_RETENTION_EVERY_SECONDS,
    process: 'inbox retention',
    session: inboxRetentionSession,
    run: (db, signal) => retention.run(db, signal),
  });
}
