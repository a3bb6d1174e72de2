import type { z } from 'zod';
import type { configuration } from './configuration.js';

/** What the relay and the ledger both read: neither can start with windows that contradict each other. */
export const retentionVariables = [
  'PAID_ONCE_OUTBOX_RETENTION_MINUTES',
  'PAID_ONCE_INBOX_RETENTION_MINUTES',
  'PAID_ONCE_RETENTION_EVERY_SECONDS',
] as const satisfies (keyof typeof configuration)[];
type RetentionSettings = Pick<typeof configuration, (typeof retentionVariables)[number]>;

/** Refuses an inbox that forgets what the outbox can still send again. */
export function inboxOutlivesOutbox<Shape extends RetentionSettings & z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
): z.ZodObject<Shape> {
  return schema.refine(
    (settings) => {
      const { PAID_ONCE_INBOX_RETENTION_MINUTES: inbox, PAID_ONCE_OUTBOX_RETENTION_MINUTES: outbox } =
        settings as z.infer<z.ZodObject<RetentionSettings>>;
      return inbox >= outbox;
    },
    {
      path: ['PAID_ONCE_INBOX_RETENTION_MINUTES'],
      error:
        'is less than PAID_ONCE_OUTBOX_RETENTION_MINUTES: the outbox could send again what the inbox has forgotten, ' +
        'and the ledger would park it',
    },
  );
}
