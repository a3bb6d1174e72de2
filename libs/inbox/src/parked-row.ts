import type { Message } from './park.js';

/** The columns of `parked_message` that make the message again. */
export const messageColumns = `message_id, type, queue, content_type, content_encoding, headers, body, user_id,
       attempts, first_seen_at::text AS first_seen_at, fingerprint, reason, key`;

export interface ParkedRow {
  message_id: string | null;
  type: string | null;
  queue: string;
  content_type: string | null;
  content_encoding: string | null;
  headers: Record<string, unknown>;
  body: Buffer;
  user_id: string | null;
  attempts: number;
  first_seen_at: string;
  fingerprint: Buffer;
  reason: string;
  key: string | null;
}

/** The message as it was delivered, with what must not be forgotten if it is parked again. */
export function messageOfRow(row: ParkedRow): Message {
  return {
    messageId: row.message_id ?? undefined,
    type: row.type ?? undefined,
    queue: row.queue,
    contentType: row.content_type ?? undefined,
    contentEncoding: row.content_encoding ?? undefined,
    headers: row.headers,
    body: row.body,
    userId: row.user_id ?? undefined,
    parkedBefore: { attempts: row.attempts, firstSeenAt: row.first_seen_at },
  };
}
