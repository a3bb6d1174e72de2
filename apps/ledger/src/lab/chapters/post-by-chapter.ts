import { uuidV7TimeMs } from '@paid-once/contracts';
import { park, type Message, type Tally } from '@paid-once/inbox';
import { faultPoint } from '@paid-once/service';
import type { EntityManager } from 'typeorm';
import { postTransfers } from '../../post-transfers.js';
import { readEvents, type PaymentEvent } from '../../read-event.js';
import { lockShards, shardOf, transferOf, type PostedTransfer } from '../../transfers.js';
import { readChapter } from './chapter.js';

/** Posts by the rules of the chapter that is in force in this very transaction. */
export async function postByChapter(tx: EntityManager, messages: Message[]): Promise<Tally> {
  const { chapter } = await readChapter(tx);
  return chapter === 4 ? postTransfers(tx, messages) : postEveryDelivery(tx, messages);
}

/**
 * Chapters 1 to 3: whatever is delivered is posted, as often as it is delivered and in whatever order. Nothing is
 * remembered of it, and nothing waits for its predecessor. Only what could not be a posting at all is parked.
 */
async function postEveryDelivery(tx: EntityManager, messages: Message[]): Promise<Tally> {
  const { events, parkings } = readEvents(messages);
  await lockShards(tx, messages);
  const run = await insertEveryTransfer(tx, events);
  faultPoint('ledger.after-transfer');
  const refused = events.filter((event) => runOf(event) !== run);
  const posted = events.filter((event) => runOf(event) === run);
  const parked = await park(tx, [
    ...parkings,
    ...refused.map(({ message }) => ({
      message,
      reason: 'other-run' as const,
      detail: 'it was sent before the last reset',
    })),
  ]);
  const since = posted.map(({ messageId }) => uuidV7TimeMs(messageId));
  return { done: posted.length, since, repeated: {}, parked };
}

/** @returns the run of which they were posted; those of another were not */
async function insertEveryTransfer(tx: EntityManager, events: PaymentEvent[]): Promise<string | undefined> {
  const lines = events.map(transferOf);
  const column = (name: keyof PostedTransfer) => lines.map((line) => line[name]);
  const [row] = await tx.query<{ run: string }[]>(
    `SELECT lab_post($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[],
                     $8::uuid[], $9::smallint[], $10::text[]) AS run`,
    [
      column('payment_id'),
      column('kind'),
      column('debit_account'),
      column('credit_account'),
      column('amount_minor'),
      column('currency'),
      column('reference'),
      events.map((event) => event.messageId),
      events.map((event) => shardOf(event.message.queue)),
      events.map(runOf),
    ],
  );
  return row?.run;
}

function runOf({ run }: PaymentEvent): string | undefined {
  return run?.replaceAll('\0', '');
}
