import { z } from 'zod';
import { integer } from './settings.js';

const tenYearsInMinutes = 5_256_000;

/** What the relay and the ledger both read: neither can start with windows that contradict each other. */
export const retentionSettings = {
  /** How long what is published, and verified, stays for replays. */
  PAID_ONCE_OUTBOX_RETENTION_MINUTES: integer({ min: 1, max: tenYearsInMinutes, otherwise: 7 * 24 * 60 }),
  /** How long the ledger remembers which messages it has had. */
  PAID_ONCE_INBOX_RETENTION_MINUTES: integer({ min: 1, max: tenYearsInMinutes, otherwise: 14 * 24 * 60 }),
  /** 0: never. */
  PAID_ONCE_RETENTION_EVERY_SECONDS: integer({ min: 0, max: 86_400, otherwise: 60 }),
};

/** Refuses an inbox that forgets what the outbox can still send again. */
export function inboxOutlivesOutbox<Shape extends typeof retentionSettings & z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
): z.ZodObject<Shape> {
  return schema.refine(
    (settings) => {
      const { PAID_ONCE_INBOX_RETENTION_MINUTES: inbox, PAID_ONCE_OUTBOX_RETENTION_MINUTES: outbox } =
        settings as z.infer<z.ZodObject<typeof retentionSettings>>;
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
