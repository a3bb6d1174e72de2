import { hash } from 'node:crypto';
import type { Delivery } from '@paid-once/broker';
import type { EntityManager } from 'typeorm';

/** Why a message was set aside. All but `waiting-for` need a person. */
export const parkReasons = [
  'forged', // not from who may send: tried again once its user may, or by who names it
  'unreadable', // no text, no JSON, another content type
  'no-identity', // no message id, no UUIDv7, or not the one in its body
  'conflict', // the same identity with other contents
  'unsupported', // a type or schema version of another release
  'invalid', // against the schema or a constraint
  'too-big',
  'other-run', // sent before the last reset
  'outside-dedup-window', // whether it took effect before is no longer known
  'waiting-for', // its predecessor has not taken effect
  'dead-lettered', // the broker gave it up
  'poison', // processes die of it, or its handler throws
] as const;
export type ParkReason = (typeof parkReasons)[number];

/** A message without the circumstances of its delivery. */
export type Message = Omit<Delivery, 'deliveryTag' | 'redelivered' | 'deliveryCount'> & {
  /** By the broker, because its ack did not arrive. Undefined: nobody knows. */
  redelivered?: boolean;
  /** Of one that was taken out of the parked ones; counted on if it is parked again. */
  parkedBefore?: { attempts: number; firstSeenAt: string };
};

export interface Parking {
  message: Message;
  reason: ParkReason;
  /** For people. */
  detail: string;
  /** Only with `waiting-for`: the event that must take effect first. */
  waitsFor?: string;
}

/**
 * Sets messages aside, whole. One that is parked for the same reason already is counted there.
 * @returns how many of the given ones, by reason
 */
export async function park(
  tx: EntityManager,
  parkings: Parking[],
): Promise<Partial<Record<ParkReason, number>>> {
  if (parkings.length > 0) await insertParked(tx, parkings);
  const counts: Partial<Record<ParkReason, number>> = {};
  for (const { reason } of parkings) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

async function insertParked(tx: EntityManager, parkings: Parking[]): Promise<void> {
  const rows = distinctRows(parkings);
  const column = <Name extends keyof Row>(name: Name): Row[Name][] => rows.map((row) => row[name]);
  await tx.query(
    `INSERT INTO parked_message (fingerprint, message_id, reason, detail, key, type, waits_for, queue,
                                 content_type, content_encoding, headers, body, user_id, attempts, first_seen_at)
     SELECT fingerprint, message_id, reason, detail, key, type, waits_for, queue, content_type, content_encoding,
            headers, body, user_id, 1 + coalesce(attempts_before, 0), coalesce(first_seen_at, clock_timestamp())
       FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                   $9::text[], $10::text[], $11::jsonb[], $12::bytea[], $13::text[], $14::integer[], $15::timestamptz[])
            AS message (fingerprint, message_id, reason, detail, key, type, waits_for, queue, content_type,
                        content_encoding, headers, body, user_id, attempts_before, first_seen_at)
      ORDER BY fingerprint, reason
         ON CONFLICT ON CONSTRAINT one_row_per_parked_message DO UPDATE
        SET attempts = parked_message.attempts + excluded.attempts,
            first_seen_at = least(parked_message.first_seen_at, excluded.first_seen_at),
            last_seen_at = clock_timestamp()`,
    [
      column('fingerprint'),
      column('messageId'),
      column('reason'),
      column('detail'),
      column('key'),
      column('type'),
      column('waitsFor'),
      column('queue'),
      column('contentType'),
      column('contentEncoding'),
      column('headers'),
      column('body'),
      column('userId'),
      column('attemptsBefore'),
      column('firstSeenAt'),
    ],
  );
}

/** What a message is recognised by when its id may be missing or taken by another one. */
export function fingerprintOf({ messageId, body }: Pick<Message, 'messageId' | 'body'>): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${messageId ?? ''}\0`), body]), 'buffer');
}

type Row = ReturnType<typeof rowOf>;

function rowOf({ message, reason, detail, waitsFor }: Parking) {
  const { messageId, type, queue, contentType, contentEncoding, headers, body, userId, parkedBefore } =
    message;
  const key = typeof headers['key'] === 'string' ? headers['key'] : undefined;
  return {
    fingerprint: fingerprintOf(message),
    reason,
    waitsFor,
    queue,
    body,
    attemptsBefore: parkedBefore?.attempts,
    firstSeenAt: parkedBefore?.firstSeenAt,
    messageId: storable(messageId),
    detail: storable(detail),
    key: storable(key),
    type: storable(type),
    contentType: storable(contentType),
    contentEncoding: storable(contentEncoding),
    userId: storable(userId),
    // What Postgres refuses in jsonb: NUL and half a surrogate pair, which JSON.stringify writes as escapes.
    headers: JSON.stringify(headers).replace(/\\u(?:0000|d[89a-f][0-9a-f]{2})/g, '\\ufffd'),
  };
}

/** Less than an entry of an index may have (2,704 bytes): keys and message ids are looked up. */
const maxTextBytes = 2_000;

// A message that cannot be parked would come back for ever, so what Postgres refuses in text is replaced or cut off.
export function storable(text: string | undefined): string | undefined {
  const clean = text?.toWellFormed().replaceAll('\0', '\ufffd');
  return clean?.slice(0, new TextEncoder().encodeInto(clean, new Uint8Array(maxTextBytes)).read);
}

// One statement may not touch the same row twice. One that was parked for two reasons has two histories.
function distinctRows(parkings: Parking[]): Row[] {
  const rows = new Map<string, Row>();
  for (const row of parkings.map(rowOf)) {
    const name = `${row.fingerprint.toString('hex')} ${row.reason}`;
    const same = rows.get(name);
    rows.set(name, same ? { ...row, ...sumHistories(same, row) } : row);
  }
  return [...rows.values()];
}

function sumHistories(one: Row, other: Row): Pick<Row, 'attemptsBefore' | 'firstSeenAt'> {
  return {
    attemptsBefore: (one.attemptsBefore ?? 0) + (other.attemptsBefore ?? 0),
    firstSeenAt: [one.firstSeenAt, other.firstSeenAt].filter((time) => time !== undefined).sort()[0],
  };
}
