import { enqueue, requestReplay, stationsOf, type MessageStation, type Requester } from '@paid-once/outbox';
import type { DataSource } from 'typeorm';
import { messageOf, type EventRow } from '../payment-message.js';
import { askOutbox } from './ask-outbox.js';
import { historyOfPaymentsSql } from './sql/history-of-payments.js';

/** Two replays of the same payments must not both find a message missing from the outbox. */
const replayLock = 7_238_515;

export interface RequestedReplay {
  /** The interventions that publish from the outbox; none when everything must be enqueued anew. */
  interventions: string[];
  messages: number;
  /** Of these, what retention had removed: it goes out with the live messages. */
  enqueuedAnew: number;
  /** What a replay does not publish: dead letters, and what the relay had not published yet. */
  deadLetters: number;
  pending: number;
  /** Payments that were never accepted. */
  notInHistory: string[];
}

/**
 * Asks for the messages of some payments to be published again, under their own ids. What retention has removed from the
 * outbox is still in the payments' own table: it is enqueued anew, and goes out with the live messages.
 * @throws as `askOutbox`
 */
export function replayPayments(
  database: DataSource,
  paymentIds: string[],
  who: Requester,
): Promise<RequestedReplay> {
  return askOutbox(database, async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [replayLock]);
    const events = await tx.query<EventRow[]>(historyOfPaymentsSql, [paymentIds]);
    const kept = await stationsOf(tx, paymentIds);
    const { interventions, messages } = await requestReplay(tx, { keys: paymentIds }, who);
    const removed = events.filter(({ message_id }) => !kept.has(message_id));
    await enqueue(tx, removed.map(messageOf)); // only now: the replay would publish it a second time
    const known = new Set(events.map(({ payment_id }) => payment_id));
    const at = (wanted: MessageStation) =>
      [...kept.values()].filter(({ station }) => station === wanted).length;
    return {
      interventions,
      messages: messages + removed.length,
      enqueuedAnew: removed.length,
      deadLetters: at('dead-lettered'),
      pending: at('outbox'),
      notInHistory: paymentIds.filter((id) => !known.has(id)),
    };
  });
}
