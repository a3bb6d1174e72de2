import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { PaymentEventData } from '@paid-once/contracts';
import {
  onceAgain,
  park,
  redriveParked,
  type Message,
  type ParkedFilter,
  type ParkReason,
  type Tally,
} from '@paid-once/inbox';
import { inTransaction } from '@paid-once/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { postTransfers } from '../post-transfers.js';
import { drop, redrive } from '../redrive.js';
import { lockShards } from '../transfers.js';
import { eventually } from './eventually.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(30_000);

const who = { by: 'ann', why: 'the ledger was fixed' };

describe('redriving parked messages', () => {
  let rig: LedgerRig;
  let database: DataSource;
  let runId: string;
  beforeAll(async () => {
    rig = await LedgerRig.create();
    database = await rig.openPatient();
    runId = rig.setup.runId;
  });
  afterAll(() => rig.drop());
  beforeEach(async () => {
    await rig.empty();
    await rig.admin.query(`UPDATE inbox_window SET oldest = '00000000-0000-0000-0000-000000000000'`);
  });

  const accepted = (data: PaymentEventData, changes: Partial<Message> = {}) =>
    messageOf(runId, data, 'payment.accepted', changes);
  const reversed = (data: PaymentEventData) => messageOf(runId, data, 'payment.reversed');
  const post = (...messages: Message[]): Promise<Tally> =>
    inTransaction(database, (tx) => postTransfers(tx, messages));
  const setAside = (reason: ParkReason, ...messages: Message[]) =>
    inTransaction(database, (tx) =>
      park(
        tx,
        messages.map((message) => ({ message, reason, detail: 'a test' })),
      ),
    );
  const again = (which: ParkedFilter = { all: true }, limit = 500, users: string[] = []) =>
    redrive(database, { which, who, limit, users });
  const lines = () => database.query<unknown[]>('SELECT kind, payment_id FROM transfer ORDER BY id');
  const parked = () =>
    database.query<{ message_id: string; reason: string; attempts: number }[]>(
      'SELECT message_id, reason, attempts FROM parked_message ORDER BY id',
    );
  const interventions = () =>
    rig.admin.query<unknown[]>(
      `SELECT kind, requested_by, why, which, messages, finished_at IS NOT NULL AS finished
         FROM parked_intervention ORDER BY id`,
    );

  it('posts what can be posted now, keeps its message id, and records who did it and why', async () => {
    const data = payment();
    const message = accepted(data);
    await setAside('dead-lettered', message);
    expect(await again()).toMatchObject({ tally: { done: 1, parked: {} }, remaining: 0 });
    expect(await parked()).toEqual([]);
    expect(await database.query('SELECT message_id FROM transfer')).toEqual([
      { message_id: message.messageId },
    ]);
    expect(await post(message)).toMatchObject({ done: 0, repeated: { message: 1 } });
    expect(await interventions()).toEqual([
      {
        kind: 'redrive',
        requested_by: 'ann',
        why: who.why,
        which: { all: true },
        messages: 1,
        finished: true,
      },
    ]);
  });

  it('F6: is safe for ever: what is older than the inbox remembers is posted once, although its inbox row is gone', async () => {
    const [posted, never] = [payment(), payment()];
    const [known, unknown] = [accepted(posted), accepted(never)];
    await post(known);
    await rig.admin.query('DELETE FROM inbox_message');
    await rig.admin.query(`UPDATE inbox_window SET oldest = 'ffffffff-0000-7000-8000-000000000000'`);
    expect(await post(known, unknown)).toMatchObject({ done: 0, parked: { 'outside-dedup-window': 2 } });
    expect((await again()).tally).toMatchObject({ done: 1, repeated: { message: 0, event: 1 }, parked: {} });
    await rig.admin.query('DELETE FROM inbox_message');
    await post(known, unknown);
    await again();
    expect(await lines()).toHaveLength(2);
    expect(await parked()).toEqual([]);
  });

  it('posts a parked payment with the reversal that waited for it, in this order', async () => {
    const data = payment();
    const first = accepted(data);
    await setAside('dead-lettered', first);
    expect(await post(reversed(data))).toMatchObject({ parked: { 'waiting-for': 1 } });
    expect((await again({ reason: 'dead-lettered' })).tally).toMatchObject({ done: 2, parked: {} });
    expect(await lines()).toMatchObject([{ kind: 'payment' }, { kind: 'reversal' }]);
    expect(await parked()).toEqual([]);
  });

  it('posts a reversal behind its payment when both are parked, whichever was parked first', async () => {
    const data = payment();
    await setAside('dead-lettered', reversed(data));
    await setAside('dead-lettered', accepted(data));
    for (const _slice of [1, 2]) await again({ keys: [data.paymentId] }, 1);
    expect(await lines()).toMatchObject([{ kind: 'payment' }, { kind: 'reversal' }]);
    expect(await parked()).toEqual([]);
  });

  it('parks again what still cannot be posted, counted, with the time it was first seen, and comes to an end', async () => {
    const data = payment();
    await post(accepted(data));
    await post(
      reversed(payment()),
      accepted({ ...data, amountMinor: '7' }),
      accepted(payment({ amountMinor: '0' })),
      messageOf(randomUUID(), payment()),
    );
    const seen = () =>
      database.query<unknown[]>('SELECT reason, first_seen_at::text FROM parked_message ORDER BY reason');
    const before = await seen();
    const answer = await again({ all: true }, 3);
    expect(answer).toMatchObject({ tally: { done: 0 }, remaining: 1 });
    expect(await again({ all: true }, 3)).toMatchObject({ intervention: answer.intervention, remaining: 0 });
    expect(await seen()).toEqual(before);
    expect((await parked()).map(({ reason, attempts }) => `${reason} ${attempts}`).toSorted()).toEqual([
      'conflict 2',
      'invalid 2',
      'other-run 2',
      'waiting-for 2',
    ]);
    expect(await interventions()).toMatchObject([{ messages: 4, finished: true }]);
    expect((await again()).intervention).not.toBe(answer.intervention);
    expect(await lines()).toHaveLength(1);
  });

  it('keeps of each message who tried it again, why, when, and what became of it', async () => {
    const [good, bad] = [payment(), payment({ amountMinor: '0' })];
    await setAside('dead-lettered', accepted(good));
    await setAside('dead-lettered', reversed(payment()));
    await post(accepted(bad));
    await again();
    await again({ keys: [bad.paymentId] });
    const kept = () =>
      rig.admin.query<unknown[]>(
        `SELECT kind, requested_by, reason, parked_again, count(*)::int
           FROM parked_history JOIN parked_intervention AS asked ON asked.id = intervention_id
          GROUP BY 1, 2, 3, 4 ORDER BY 3, 4`,
      );
    const mine = { kind: 'redrive', requested_by: 'ann' };
    const expected = [
      { ...mine, reason: 'dead-lettered', parked_again: 'waiting-for', count: 1 },
      { ...mine, reason: 'dead-lettered', parked_again: null, count: 1 },
      { ...mine, reason: 'invalid', parked_again: 'invalid', count: 2 },
    ];
    expect(await kept()).toEqual(expected);
    const copy = accepted(good);
    await setAside('poison', copy);
    await setAside('conflict', copy); // it lies there for another reason: it was not parked again
    await again({ reason: 'poison' });
    expect(await kept()).toEqual([...expected, { ...mine, reason: 'poison', parked_again: null, count: 1 }]);
  });

  it('leaves alone what is dropped between its being found and its being taken', async () => {
    await setAside('dead-lettered', accepted(payment()));
    const lock = () => drop(database, { which: { all: true }, who, expected: 1 });
    const handle = (tx: Parameters<typeof postTransfers>[0], messages: Message[]) =>
      postTransfers(tx, messages, onceAgain);
    await redriveParked(database, { which: { all: true }, who, limit: 500, trusted: [] }, { lock, handle });
    expect(await lines()).toEqual([]);
  });

  it('begins anew where one that was interrupted has nothing left to try', async () => {
    await setAside('dead-lettered', accepted(payment()), accepted(payment()));
    const interrupted = await again({ all: true }, 1);
    expect(interrupted.remaining).toBe(1);
    await rig.admin.query('DELETE FROM parked_message');
    await setAside('dead-lettered', accepted(payment()), accepted(payment()));
    const answer = await again({ all: true }, 1);
    expect(answer).toMatchObject({ tally: { done: 1 }, remaining: 1 });
    expect(answer.intervention).not.toBe(interrupted.intervention);
    expect(await interventions()).toMatchObject([{ finished: true }, { finished: false }]);
  });

  it('takes no more at once than fits into memory, however large the bodies are', async () => {
    await rig.admin.query(
      `INSERT INTO parked_message (fingerprint, reason, detail, queue, headers, body)
       SELECT n::text::bytea, 'too-big', 'a test', 'ledger.payments.0', '{}', convert_to(repeat('x', 9 * 1024 * 1024), 'UTF8')
         FROM generate_series(1, 3) AS n`,
    );
    expect(await again()).toMatchObject({ tally: { parked: { 'too-big': 2 } }, remaining: 1 });
    expect(await again()).toMatchObject({ tally: { parked: { 'too-big': 1 } }, remaining: 0 });
  });

  it('takes the oldest first, as many as asked for', async () => {
    const all = Array.from({ length: 5 }, () => payment());
    for (const data of all) await setAside('dead-lettered', accepted(data));
    expect(await again({ all: true }, 2)).toMatchObject({ tally: { done: 2 }, remaining: 3 });
    const posted = all.slice(0, 2).map(({ paymentId }) => ({ kind: 'payment', payment_id: paymentId }));
    expect(await lines()).toEqual(posted);
  });

  it('keeps the message that its handler throws at, with what it threw, and posts the others', async () => {
    const [good, bad] = [payment(), payment()];
    await setAside('dead-lettered', accepted(good), accepted(bad));
    const handle = async (tx: Parameters<typeof postTransfers>[0], messages: Message[]): Promise<Tally> => {
      const tally = await postTransfers(tx, messages, onceAgain);
      if (messages.some(({ headers }) => headers['key'] === bad.paymentId)) throw new TypeError('a bug');
      return tally;
    };
    const answer = await redriveParked(
      database,
      { which: { all: true }, who, limit: 500, trusted: [] },
      { lock: lockShards, handle },
    );
    expect(answer).toMatchObject({ tally: { done: 1, parked: { poison: 1 } }, remaining: 0 });
    expect(await database.query('SELECT key, reason, detail, attempts FROM parked_message')).toEqual([
      { key: bad.paymentId, reason: 'poison', detail: 'a bug', attempts: 2 },
    ]);
    expect(await database.query('SELECT FROM started_attempt')).toEqual([]);
    expect((await again()).tally).toMatchObject({ done: 1 });
  });

  it('that fails again leaves the reversal behind its payment, whatever is asked for next and whatever comes', async () => {
    const data = payment();
    const [first, second] = [accepted(data), reversed(data)];
    await setAside('poison', first);
    await post(second);
    const failing = async (tx: Parameters<typeof postTransfers>[0], messages: Message[]): Promise<Tally> => {
      if (messages.some(({ messageId }) => messageId === first.messageId)) throw new TypeError('a bug');
      return await postTransfers(tx, messages, onceAgain);
    };
    await redriveParked(
      database,
      { which: { all: true }, who, limit: 500, trusted: [] },
      { lock: lockShards, handle: failing },
    );
    await again({ reason: 'waiting-for' });
    await post(second);
    expect((await parked()).map(({ reason }) => reason).toSorted()).toEqual(['poison', 'waiting-for']);
    await drop(database, { which: { reason: 'poison' }, who, expected: 1 });
    await post(first, second);
    await again();
    expect(await lines()).toEqual([]);
    const [given] = await database.query<{ id: string }[]>(
      'SELECT id FROM parked_message WHERE dropped_at IS NOT NULL',
    );
    await again({ ids: [given?.id ?? ''] });
    expect(await lines()).toMatchObject([{ kind: 'payment' }, { kind: 'reversal' }]);
    expect(await parked()).toEqual([]);
  });

  it('tries forged ones only if who published them is trusted by now, or by their ids, and counts the others', async () => {
    const [byRelay, byNobody] = [accepted(payment(), { userId: 'pay-relay' }), accepted(payment())];
    await setAside('forged', byRelay, byNobody);
    for (const which of [{ all: true }, { reason: 'forged' }] as const)
      expect(await again(which)).toMatchObject({ tally: { done: 0 }, remaining: 0, untrusted: 2 });
    expect(await again({ reason: 'forged' }, 1, ['relay', 'pay-relay'])).toMatchObject({
      tally: { done: 1 },
      remaining: 0,
      untrusted: 1,
    });
    const [left] = await database.query<{ id: string; message_id: string }[]>(
      'SELECT id, message_id FROM parked_message',
    );
    expect(left?.message_id).toBe(byNobody.messageId);
    expect(await again({ ids: [left?.id ?? ''] })).toMatchObject({ tally: { done: 1 }, untrusted: 0 });
    await setAside('forged', accepted(payment()));
    expect(await again({ all: true }, 1, ['unsigned'])).toMatchObject({ tally: { done: 1 }, untrusted: 0 });
  });

  it('loses and doubles nothing while the same payments are posted by ledgers and redriven by two people', async () => {
    const all = Array.from({ length: 60 }, () => payment());
    const messages = all.map((data) => [accepted(data), reversed(data)] as const);
    await setAside('dead-lettered', ...messages.flat());
    const redriving = [1, 2].map(async () => {
      while ((await again({ all: true }, 20)).remaining > 0);
    });
    const posting = [1, 2].map(async () => {
      for (const [one, two] of messages) await Promise.all([post(two), post(one)]);
    });
    await Promise.all([...redriving, ...posting]);
    while ((await again()).remaining > 0);
    expect(await parked()).toEqual([]);
    expect(await lines()).toHaveLength(120);
  }, 30_000);

  it('and a ledger that posts for the same shard wait for each other, never crosswise', async () => {
    const data = payment();
    const first = accepted(data);
    await post(reversed(data)); // both want its row
    const redriving = Promise.withResolvers<Awaited<ReturnType<typeof again>>>();
    await inTransaction(database, async (tx) => {
      await lockShards(tx, [first]);
      again().then(redriving.resolve, redriving.reject);
      await eventually(async () => (await locks('advisory')).includes(false));
      await postTransfers(tx, [first]);
    });
    expect(await redriving.promise).toMatchObject({ tally: { done: 0, parked: {} }, remaining: 0 });
    expect(await lines()).toHaveLength(2);
  });

  it('and a reset wait for each other, never crosswise', async () => {
    await setAside('dead-lettered', ...Array.from({ length: 40 }, () => accepted(payment())));
    const truncate = () =>
      rig.admin.query(
        'TRUNCATE inbox_message, transfer, transfer_link, account, parked_message, parked_intervention, parked_history',
      );
    const both = Array.from({ length: 10 }, () => [again({ all: true }, 3), truncate()]).flat();
    for (const outcome of await Promise.allSettled(both))
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ status: 503 });
  });

  it('lets a reset that comes meanwhile wait for its end', async () => {
    await setAside('dead-lettered', accepted(payment()));
    let reset: Promise<unknown> = Promise.resolve();
    const beginReset = async () => {
      reset = rig.admin.query('TRUNCATE inbox_message, parked_message');
      await eventually(async () => (await locks('relation')).includes(false), 5_000);
    };
    const answer = await redriveParked(
      database,
      { which: { all: true }, who, limit: 500, trusted: [] },
      { lock: beginReset, handle: (tx, messages) => postTransfers(tx, messages, onceAgain) },
    );
    await reset;
    expect(answer).toMatchObject({ tally: { done: 1 } });
  });

  /** Who has, or waits for, an exclusive lock in this database: whether it was granted. */
  const locks = async (type: 'advisory' | 'relation') =>
    (
      await rig.admin.query<{ granted: boolean }[]>(
        `SELECT granted
           FROM pg_locks
          WHERE locktype = $1
            AND mode IN ('ExclusiveLock', 'AccessExclusiveLock')
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        [type],
      )
    ).map(({ granted }) => granted);
});
