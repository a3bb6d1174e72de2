import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { uuidV7TimeMs, type PaymentEventData } from '@paid-once/contracts';
import type { Message, Tally } from '@paid-once/inbox';
import { inTransaction } from '@paid-once/service';
import { randomInt, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { postTransfers } from '../post-transfers.js';
import { drop, redrive } from '../redrive.js';
import { LedgerRig } from './ledger-rig.js';
import { markerOf, messageOf, payment, uuidV7 } from './payment-messages.js';

const who = { by: 'ann', why: 'paid by hand' };

describe('posting transfers', () => {
  let rig: LedgerRig;
  let database: DataSource;
  beforeAll(async () => {
    rig = await LedgerRig.create({ runId });
    database = await rig.openPatient();
  });
  afterAll(() => rig.drop());
  beforeEach(() => rig.empty());

  const post = (...messages: Message[]): Promise<Tally> =>
    inTransaction(database, (tx) => postTransfers(tx, messages));
  // Known before the database is: the table of bad messages is made first.
  const runId = randomUUID();
  const accepted = (data: PaymentEventData, changes: Partial<Message> = {}) =>
    messageOf(runId, data, 'payment.accepted', changes);
  const reversed = (data: PaymentEventData, changes: Partial<Message> = {}) =>
    messageOf(runId, data, 'payment.reversed', changes);
  const lines = () =>
    database.query<unknown[]>(
      'SELECT kind, debit_account, credit_account, amount_minor FROM transfer ORDER BY id',
    );
  const accounts = () =>
    database.query<unknown[]>(
      'SELECT name, debits_posted AS debits, credits_posted AS credits FROM account ORDER BY name',
    );
  const parked = () =>
    database.query<{ reason: string }[]>('SELECT message_id, reason FROM parked_message ORDER BY id');

  it('moves the money from src to dest once, and a reversal moves it back', async () => {
    const data = payment({ amountMinor: '1299' });
    const [one, two] = [accepted(data), reversed(data)];
    expect(await post(one)).toMatchObject({ done: 1 });
    expect(await post(one, two, two)).toEqual({
      done: 1,
      since: [uuidV7TimeMs(two.messageId ?? '')],
      repeated: { message: 2, event: 0 },
      redelivered: 0,
      parked: {},
    });
    expect(await lines()).toEqual([
      { kind: 'payment', debit_account: 'bianca', credit_account: 'marc', amount_minor: '1299' },
      { kind: 'reversal', debit_account: 'marc', credit_account: 'bianca', amount_minor: '1299' },
    ]);
    expect(await accounts()).toEqual([
      { name: 'bianca', debits: '1299', credits: '1299' },
      { name: 'marc', debits: '1299', credits: '1299' },
    ]);
  });

  it('F6 M5: posts a payment once that comes under another message id, later or in the same batch', async () => {
    const data = payment();
    expect(await post(accepted(data), accepted(data))).toMatchObject({ done: 1, repeated: { event: 1 } });
    expect(await post(accepted(data))).toMatchObject({
      done: 0,
      since: [],
      repeated: { message: 0, event: 1 },
      parked: {},
    });
    expect(await lines()).toHaveLength(1);
    expect(await parked()).toEqual([]);
  });

  it('M4 M5: parks a payment that comes with other contents, and leaves the ledger as it is', async () => {
    const data = payment();
    const first = accepted(data);
    await post(first);
    const before = [await lines(), await accounts()];
    const sameId = accepted({ ...data, amountMinor: '900' }, { messageId: first.messageId });
    const otherId = accepted({ ...data, dest: 'mallory' });
    expect(await post(sameId, otherId)).toMatchObject({ done: 0, parked: { conflict: 2 } });
    expect([await lines(), await accounts()]).toEqual(before);
    expect((await parked()).map(({ reason }) => reason)).toEqual(['conflict', 'conflict']);
  });

  it('F7: lets a reversal wait that comes before its payment, and posts both when that comes', async () => {
    const data = payment();
    expect(await post(reversed(data))).toMatchObject({ done: 0, parked: { 'waiting-for': 1 } });
    expect(await lines()).toEqual([]);
    expect(await post(accepted(data))).toMatchObject({ done: 2 });
    expect(await lines()).toMatchObject([{ kind: 'payment' }, { kind: 'reversal' }]);
    expect(await accounts()).toMatchObject([
      { debits: '100', credits: '100' },
      { debits: '100', credits: '100' },
    ]);
    expect(await parked()).toEqual([]);
  });

  const broken = (message: Message): Message => ({ ...message, body: message.body.subarray(0, -9) });
  it.each([
    ['a payment', [accepted]],
    ['a reversal, and its payment after it', [reversed, accepted]],
  ] as const)(
    'settles the broken copies of %s when it comes whole, and says so; not what is in conflict, nor what was dropped',
    async (_what, kinds) => {
      const data = payment();
      const [whole, ...others] = kinds.map((kind) => kind(data));
      if (!whole) throw new Error('Bug: nothing to send');
      const dropped = { ...whole, contentType: 'text/plain' };
      await post(dropped);
      await drop(database, { which: { all: true }, who, expected: 1 });
      await post(broken(whole), { ...broken(whole), headers: {} });
      const other = accepted(payment());
      await post(other, broken(other));
      expect(await parked()).toHaveLength(3);
      await post(whole, ...others);
      expect(await lines()).toHaveLength(1 + kinds.length);
      expect(await parked()).toEqual([
        { message_id: whole.messageId, reason: 'unreadable' }, // the dropped one
        { message_id: other.messageId, reason: 'unreadable' }, // it came when its whole copy was posted already
      ]);
      expect(
        await rig.admin.query('SELECT message_id, reason, intervention_id, parked_again FROM parked_history'),
      ).toEqual([
        { message_id: whole.messageId, reason: 'unreadable', intervention_id: null, parked_again: null },
      ]);
    },
  );

  it('keeps what is in conflict when the first contents are posted', async () => {
    const data = payment();
    const reversal = reversed(data);
    await post(reversal, reversed({ ...data, amountMinor: '7' }, { messageId: reversal.messageId }));
    await post(accepted(data));
    expect(await parked()).toEqual([{ message_id: reversal.messageId, reason: 'conflict' }]);
  });

  it('posts a reversal that comes before its payment in the same batch', async () => {
    const data = payment();
    expect(await post(reversed(data), accepted(data))).toMatchObject({ done: 2, parked: {} });
  });

  it('holds back only the reversal of a payment that is parked', async () => {
    const [good, bad] = [payment(), payment()];
    const tally = await post(
      accepted({ ...bad, amountMinor: '-1' }),
      accepted(good),
      reversed(bad),
      reversed(good),
    );
    expect(tally).toMatchObject({ done: 2, parked: { invalid: 1, 'waiting-for': 1 } });
  });

  it('F7 F9: loses no waiting reversal when reversal and payment are posted by two ledgers at once', async () => {
    const all = Array.from({ length: 40 }, () => payment());
    await Promise.all(all.flatMap((data) => [post(reversed(data)), post(accepted(data))]));
    expect(await parked()).toEqual([]);
    expect(await lines()).toHaveLength(80);
  });

  it('balances: debits are credits are the transfers, in each currency, whatever came twice, late or wrong', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const pick = (n: number) => names[n % names.length] ?? 'a';
    const all = Array.from({ length: 200 }, (_, n) =>
      payment({
        src: pick(n),
        dest: pick(n + 1 + (n % 3)),
        amountMinor: String(n + 1),
        currency: n % 5 ? 'EUR' : 'JPY',
      }),
    );
    const messages = all.flatMap((data, n) => [
      reversed(data),
      accepted(data),
      accepted(n % 7 ? data : { ...data, amountMinor: '7' }),
    ]);
    for (let from = 0; from < messages.length; from += 100) await post(...messages.slice(from, from + 100));
    const sums = await database.query<{ debits: string; credits: string; transfers: string }[]>(
      `SELECT currency, sum(debits_posted) AS debits, sum(credits_posted) AS credits,
              (SELECT sum(amount_minor) FROM transfer WHERE transfer.currency = account.currency) AS transfers
         FROM account GROUP BY currency ORDER BY currency`,
    );
    expect(sums).toHaveLength(2);
    for (const { debits, credits, transfers } of sums)
      expect([debits, credits]).toEqual([transfers, transfers]);
    expect(await lines()).toHaveLength(400);
  });

  it('remembers a marker with the batch it came in, and posts and parks nothing for it', async () => {
    const marker = markerOf(runId);
    expect(await post(accepted(payment()), marker, marker)).toMatchObject({ done: 1, parked: {} });
    expect(await post(marker, markerOf(randomUUID()))).toMatchObject({ done: 0, parked: {} });
    expect(await parked()).toEqual([]);
    expect(await lines()).toHaveLength(1);
    expect(
      await database.query('SELECT FROM inbox_message WHERE message_id = $1', [marker.messageId]),
    ).toHaveLength(1);
    expect(await database.query('SELECT FROM inbox_message')).toHaveLength(2);
  });

  it('does not say that a marker has arrived when what came before it was not committed', async () => {
    const marker = markerOf(runId);
    const failed = inTransaction(database, async (tx) => {
      await postTransfers(tx, [accepted(payment()), marker]);
      throw new Error('the database went away');
    });
    await expect(failed).rejects.toThrow('the database went away');
    expect(await database.query('SELECT FROM inbox_message')).toEqual([]);
  });

  it('F9: does not deadlock when two ledgers post the same messages to the same accounts in other orders', async () => {
    const all = Array.from({ length: 100 }, (_, n) => payment({ src: `s${n % 9}`, dest: `d${n % 7}` }));
    const messages = all.map((data) => accepted(data));
    const shuffled = () => messages.toSorted(() => Math.random() - 0.5).slice(0, 60);
    await Promise.all(Array.from({ length: 24 }, () => post(...shuffled())));
    const [sums] = await database.query<unknown[]>(
      `SELECT count(*) = count(DISTINCT payment_id) AS once, sum(amount_minor) = (SELECT sum(debits_posted) FROM account) AS balanced FROM transfer`,
    );
    expect(sums).toEqual({ once: true, balanced: true });
  });

  it('asks the database as often for 500 messages as for 10', async () => {
    const count = async (messages: Message[]) =>
      inTransaction(database, async (tx) => {
        let statements = 0;
        const counting = Object.assign(Object.create(tx) as typeof tx, {
          query: (sql: string, parameters: unknown[]) => (statements++, tx.query<unknown[]>(sql, parameters)),
        });
        await postTransfers(counting, messages);
        return statements;
      });
    const mixed = (size: number) => {
      const data = Array.from({ length: size / 5 }, () => payment());
      const bad = data.map(() => accepted(payment({ amountMinor: '0' })));
      return [
        ...bad,
        ...data.flatMap((one) => [accepted(one), accepted(one), reversed(one), reversed(payment())]),
      ];
    };
    await count(mixed(10)); // something is parked from now on: that costs a statement more
    const few = await count(mixed(10));
    expect(await count(mixed(500))).toBe(few);
    expect(few).toBeLessThanOrEqual(8);
  });

  it('H2 M6: a newer schema version that reads like ours is parked whole, not half-read, and stays so until it is known', async () => {
    const newer = otherHeaders(accepted(payment()), { schemaversion: 2 });
    expect(await post(newer)).toMatchObject({ done: 0, parked: { unsupported: 1 } });
    const answer = await redrive(database, {
      which: { all: true },
      who: { by: 'a', why: 'b' },
      limit: 9,
      users: [],
    });
    expect(answer.tally).toMatchObject({ done: 0, parked: { unsupported: 1 } });
    const rows = await database.query<unknown[]>('SELECT reason, headers, body FROM parked_message');
    expect(rows).toEqual([{ reason: 'unsupported', headers: newer.headers, body: newer.body }]);
    expect(await lines()).toEqual([]);
    expect(await database.query('SELECT FROM inbox_message')).toEqual([]); // so its own release will not call it a repeat
  });

  it('M11 M12: posts what was redelivered or dead-lettered countless times, or comes from the far future, like any other', async () => {
    const worn = otherHeaders(accepted(payment()), {
      'x-delivery-count': 2 ** 40,
      'x-death': Array.from({ length: 50 }, (_, n) => ({ count: n, queue: 'q', reason: 'expired' })),
    });
    const future = otherBody(accepted(payment()), (event) => ({ ...event, time: '9999-12-31T23:59:59Z' }));
    expect(await post(worn, future)).toMatchObject({ done: 2, parked: {} });
    expect(await post(worn, future)).toMatchObject({ done: 0, repeated: { message: 2 } });
  });

  const good = payment();
  it.each<[string, string, Message]>([
    ['M1: no JSON', 'unreadable', accepted(good, { body: Buffer.from('{') })],
    ['M1: an empty body', 'unreadable', accepted(good, { body: Buffer.alloc(0) })],
    ['M1: no UTF-8', 'unreadable', inLatin1(accepted(payment({ reference: 'café' })))],
    ['M1: another content type', 'unreadable', accepted(good, { contentType: 'text/plain' })],
    ['M1: a content encoding', 'unreadable', accepted(good, { contentEncoding: 'gzip' })],
    ['M2: no message id', 'no-identity', { ...accepted(good), messageId: undefined }],
    ['M2: a message id that is no UUIDv7', 'no-identity', accepted(good, { messageId: 'x\0y' })],
    ['M2: another id in its body', 'no-identity', { ...accepted(good), messageId: uuidV7() }],
    [
      'M6: an unknown type',
      'unsupported',
      otherBody(accepted(good), (event) => ({ ...event, type: 'payment.refused' })),
    ],
    ['M6: a newer schema', 'unsupported', otherHeaders(accepted(good), { schemaversion: 2 })],
    [
      'M6: an older schema that nobody knows any more',
      'unsupported',
      otherHeaders(accepted(good), { schemaversion: 0 }),
    ],
    ['M6: no schema version', 'unsupported', otherHeaders(accepted(good), { schemaversion: undefined })],
    ['M7: an array', 'invalid', accepted(good, { body: Buffer.from('[]') })],
    ['M7: a float as amount', 'invalid', otherData(accepted(good), { amountMinor: 1.5 })],
    ['M7: a negative amount', 'invalid', otherData(accepted(good), { amountMinor: '-5' })],
    [
      'M7: an amount beyond the limit',
      'invalid',
      otherData(accepted(good), { amountMinor: '9223372036854775808' }),
    ],
    ['M7: an unknown currency', 'invalid', otherData(accepted(good), { currency: 'XXX' })],
    ['M7: SQL as account', 'invalid', otherData(accepted(good), { src: "'; DROP TABLE transfer--" })],
    ['M7: one account on both sides', 'invalid', otherData(accepted(good), { src: 'marc' })],
    ['M7: a field that is not in the schema', 'invalid', otherData(accepted(good), { status: 'posted' })],
    ['M8: __proto__', 'invalid', accepted(good, { body: Buffer.from(`{"__proto__":{"a":1}}`) })],
    ['M8: a key twice', 'invalid', otherText(accepted(good), '"EUR"', '"EUR","currency":"USD"')],
    ['M8: nine levels', 'invalid', otherData(accepted(good), { more: [[[[[[[[1]]]]]]]] })],
    [
      'M7: a control character in its reference',
      'invalid',
      otherData(accepted(good), { reference: '\u001b' }),
    ],
    [
      'M7: half a surrogate pair in its reference',
      'invalid',
      otherText(accepted(good), '"reference":null', '"reference":"\\ud800"'),
    ],
    ['M7: another key than its payment id', 'invalid', otherHeaders(accepted(good), { key: uuidV7() })],
    ['M7: another causation than its payment', 'invalid', otherHeaders(reversed(good), { causation: 'x' })],
    [
      'M8: depth without end',
      'invalid',
      accepted(good, { body: Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)) }),
    ],
    ['M8: a body that is too big', 'too-big', accepted(good, { body: Buffer.alloc(256 * 1024 + 1, '1') })],
    [
      'M8: too many headers',
      'too-big',
      otherHeaders(accepted(good), Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [n, n]))),
    ],
    [
      'M7: text that Postgres cannot store',
      'invalid',
      { ...otherHeaders(accepted(good), { key: 'a\0b\ud800', x: '\0\udfff' }), type: '\0' },
    ],
    [
      'M7: a key that is too long for an index',
      'invalid',
      otherHeaders(accepted(good), { key: Array.from({ length: 1_000 }, incompressible).join('') }),
    ],
    ['M10: another run', 'other-run', otherHeaders(accepted(good), { run: uuidV7() })],
  ])('parks a message with %s: %s; its neighbour is posted', async (_what, reason, message) => {
    const tally = await post(message, accepted(payment()), message);
    expect(tally).toMatchObject({ done: 1, parked: { [reason]: 2 } });
    await post(message);
    const rows = await database.query<unknown[]>('SELECT reason, attempts, body FROM parked_message');
    expect(rows).toEqual([{ reason, attempts: 2, body: message.body }]);
  });
});

/** A character of three bytes. */
function incompressible(): string {
  return String.fromCharCode(0x4e00 + randomInt(20_000));
}

function otherText(message: Message, text: string, other: string): Message {
  return { ...message, body: Buffer.from(String(message.body).replace(text, other)) };
}

function otherHeaders(message: Message, headers: Record<string, unknown>): Message {
  return { ...message, headers: { ...message.headers, ...headers } };
}

/** Everything but its encoding is right: read leniently, it would be posted with another reference. */
function inLatin1(message: Message): Message {
  return { ...message, body: Buffer.from(message.body.toString(), 'latin1') };
}

function otherBody(message: Message, change: (event: Record<string, unknown>) => object): Message {
  const event = JSON.parse(message.body.toString()) as Record<string, unknown>;
  return { ...message, body: Buffer.from(JSON.stringify(change(event))) };
}

function otherData(message: Message, data: Record<string, unknown>): Message {
  return otherBody(message, (event) => ({ ...event, data: { ...(event['data'] as object), ...data } }));
}
