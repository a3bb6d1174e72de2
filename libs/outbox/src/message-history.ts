import type { Reader } from './held-connection.js';
import { interventionsOf, type Intervention } from './interventions.js';
import type { MessageStation } from './outbox-status.js';
import { messageHistorySql } from './sql/message-history.js';

/** All that is on record about one message. */
export interface MessageHistory {
  type: string;
  messageId: string;
  shard: number;
  createdAt: Date;
  station: MessageStation;
  /** When it was noted that it is published. Null: it is not, or that is too long ago to be known. */
  publishedAt: Date | null;
  deadLetter: {
    reason: string;
    detail: string | null;
    diedAt: Date;
    droppedAt: Date | null;
    droppedBy: string | null;
    droppedWhy: string | null;
  } | null;
  /** What was asked to be done with it, oldest first. */
  interventions: Intervention[];
}

/** The messages of one key, in their order; what retention has removed is not among them. */
export async function messageHistory(db: Reader, key: string): Promise<MessageHistory[]> {
  const rows = await db.query<
    (Omit<MessageHistory, 'deadLetter' | 'interventions'> & {
      reason: string | null;
      detail: string | null;
      diedAt: Date;
      droppedAt: Date | null;
      droppedBy: string | null;
      droppedWhy: string | null;
    })[]
  >(messageHistorySql, [key]);
  const interventions = await interventionsOf(db, [key]);
  return rows.map(({ reason, detail, diedAt, droppedAt, droppedBy, droppedWhy, ...row }) => ({
    ...row,
    deadLetter: reason === null ? null : { reason, detail, diedAt, droppedAt, droppedBy, droppedWhy },
    interventions: interventions.get(row.messageId) ?? [],
  }));
}
