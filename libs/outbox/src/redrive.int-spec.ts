import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deadLetterGroups,
  dropDeadLetters,
  findIntervention,
  listDeadLetters,
  listInterventions,
  openInterventions,
  requestMarkers,
  requestRedrive,
  stationsOf,
  type DeadLetterFilter,
} from './index.js';
import { eventually } from './test/eventually.js';
import { OneShard } from './test/one-shard.js';

let shard: OneShard;
beforeAll(async () => {
  shard = await OneShard.create();
}, 30_000);
afterEach(() => shard.clear());
afterAll(() => shard.drop());

const who = { by: 'ann', why: 'the limit was raised' };
const redrive = (which: DeadLetterFilter = { all: true }) => requestRedrive(shard.database, which, who);
const drop = (which: DeadLetterFilter, expected: number) =>
  shard.database.transaction((tx) => dropDeadLetters(tx, which, expected, who));

const waitingForLocks = async () =>
  (
    await shard.rows(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
  ).length;

/** Publishes what can be; the rest is dead now, and can be published from now on unless it stays poisoned. */
async function died(poison: Record<string, string>, messages: [payload: string, key?: number][]) {
  for (const [payload, reason] of Object.entries(poison)) shard.poison.set(payload, reason);
  for (const [payload, key] of messages) await shard.message(payload, key);
  await shard.newPass().run();
  shard.poison.clear();
  shard.broker.rows.length = 0;
}

describe('a redrive', () => {
  it('publishes a dead payment and the reversal behind it in order, under their own ids', async () => {
    await died({ payment: 'too large' }, [['payment'], ['reversal'], ['of another key', 1]]);
    const before = await shard.rows<{ message_id: string }>(
      'SELECT message_id FROM outbox_dead_letter ORDER BY id',
    );
    const { interventions, messages } = await redrive({ reason: 'too large' });
    expect([interventions.length, messages]).toEqual([1, 2]);
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['payment', 'reversal']);
    expect(shard.broker.rows.map(({ message_id }) => ({ message_id }))).toEqual(before);
    expect(await shard.deadLetters()).toEqual([]);
    expect(await listInterventions(shard.database, 10)).toMatchObject([
      { kind: 'redrive', ...who, messages: 2, failure: null, finishedAt: expect.any(Date) },
    ]);
  });

  it('lets no live message of the key overtake what is not redriven yet', async () => {
    await died({ '1': 'too large' }, [['1'], ['2'], ['3']]);
    await redrive();
    await shard.runOwners(1, { replaySlice: 1 });
    await shard.message('live');
    await shard.runOwners(1, { replaySlice: 1 });
    expect(shard.broker.payloads).toEqual(['1', '2']);
    expect(await shard.deadLetters()).toEqual([
      { payload: '3', reason: 'behind' },
      { payload: 'live', reason: 'behind' },
    ]);
    await shard.runOwners(3, { replaySlice: 1 });
    await shard.message('later');
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['1', '2', '3', 'live', 'later']);
    expect(await openInterventions(shard.database)).toBe(0);
  });

  it('leaves a key dead from the message on that fails again, and goes on with the others', async () => {
    await died({ a1: 'too large', b1: 'too large' }, [['a1'], ['b1', 1], ['a2'], ['b2', 1]]);
    shard.poison.set('a1', 'still too large: 17 bytes');
    const { interventions } = await redrive();
    await shard.message('a3');
    await shard.message('c1', 2);
    await shard.runOwners(6, { replaySlice: 1 }); // a key stays dead also in the slices after the one that failed
    expect(shard.broker.payloads).toEqual(['c1', 'b1', 'b2']);
    expect(await shard.deadLetters()).toEqual([
      { payload: 'a1', reason: 'still too large' },
      { payload: 'a2', reason: 'behind' },
      { payload: 'a3', reason: 'behind' },
    ]);
    expect(await findIntervention(shard.database, interventions[0] ?? '')).toMatchObject({
      messages: 2,
      failure: expect.stringContaining('can never be published: still too large: 17 bytes'),
      finishedAt: expect.any(Date),
    });
    expect(await listDeadLetters(shard.database, { reason: 'still too large' }, '0', 10)).toMatchObject([
      { payload: 'a1', detail: '17 bytes' },
    ]);
  });

  it('that fails again keeps the order of its key, whatever is asked for next and whatever comes meanwhile', async () => {
    await died({ a1: 'x' }, [['a1'], ['a2'], ['a3']]);
    const failingAt = async (payload: string, ask: () => Promise<unknown>, live: string) => {
      shard.poison.set(payload, 'still x');
      await ask();
      await shard.runOwners(1, { replaySlice: 3 });
      await shard.message(live);
      await shard.runOwners(2, { replaySlice: 3 });
      shard.poison.clear();
    };
    await failingAt('a1', redrive, 'a4');
    await failingAt('a1', () => redrive({ reason: 'behind' }), 'a5'); // behind means: with what it is behind
    expect(shard.broker.payloads).toEqual([]);
    await failingAt('a3', redrive, 'a6'); // a1 and a2 get through
    expect(shard.broker.payloads).toEqual(['a1', 'a2']);
    await drop({ reason: 'still x' }, 1);
    await shard.message('a7');
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['a1', 'a2']); // a4 to a7 are behind one another
    await failingAt('a5', redrive, 'a8');
    await redrive();
    await shard.runOwners(1);
    await shard.message('a9');
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['a1', 'a2', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9']);
  }, 20_000);

  it('publishes what is between two failing messages, in order', async () => {
    const poison = { '2': 'x', '5': 'x' };
    await died({ '1': 'x', '2': 'x', '3': 'x', '4': 'x', '5': 'x' }, [
      ['1', 1],
      ['2', 2],
      ['3', 3],
      ['4', 1],
      ['5', 5],
      ['after 5', 5],
      ['after 2', 2],
      ['after 1', 1],
    ]);
    for (const [payload, reason] of Object.entries(poison)) shard.poison.set(payload, reason);
    await redrive();
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['1', '3', '4', 'after 1']);
    expect(await shard.deadLetters()).toMatchObject([
      { payload: '2' },
      { payload: '5' },
      { payload: 'after 5' },
      { payload: 'after 2' },
    ]);
  });

  it('that is asked for twice publishes once, and its owner may die in the middle', async () => {
    await died({ '1': 'too large' }, [['1'], ['2'], ['3']]);
    await redrive();
    await redrive();
    const dying = shard.newPass({ replaySlice: 2 });
    shard.broker.beforeConfirm = () => dying.abandon();
    expect(await dying.run()).toMatchObject({ kind: 'database-lost' });
    expect(await shard.deadLetters()).toHaveLength(3);
    shard.broker.beforeConfirm = () => {};
    await shard.runOwners(5, { replaySlice: 2 });
    expect(shard.broker.payloads).toEqual(['1', '2', '1', '2', '3']);
    expect((await listInterventions(shard.database, 10)).map(({ messages }) => messages)).toEqual([0, 3]);
    expect(await openInterventions(shard.database)).toBe(0);
  });

  it('is tried again while the broker is away, the live messages first', async () => {
    await died({ '1': 'too large' }, [['1']]);
    await redrive();
    shard.broker.beforeConfirm = () => {
      throw new Error('broker away');
    };
    expect(await shard.newPass().run()).toMatchObject({ kind: 'not-published' });
    shard.broker.beforeConfirm = () => {};
    shard.broker.rows.length = 0;
    await shard.message('live', 1);
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['live', '1']);
  });

  it('is not taken for something that was published before a marker that is older', async () => {
    await died({ '1': 'too large' }, [['1'], ['2', 1]]);
    const { set } = await requestMarkers(shard.database);
    const places = async () => [
      ...(await stationsOf(shard.database, [shard.key(0), shard.key(1)], set)).values(),
    ];
    await shard.runOwners(1);
    await redrive();
    await shard.runOwners(1);
    expect(shard.broker.rows.map(({ type }) => type)).toEqual(['outbox.marker', 'thing.happened']);
    expect(await places()).toEqual(
      expect.arrayContaining([
        { station: 'published', beforeMarker: false }, // the marker arrives first
        { station: 'published', beforeMarker: true },
      ]),
    );
  });
});

describe('a dead letter', () => {
  it('is one of a kind with others that died of the same, whatever their sizes and ids; each keeps its own', async () => {
    const reasons = [1_048_577, 1_048_578, 2_000_000].map((size) => `too big: ${size} bytes`);
    await died(
      Object.fromEntries(reasons.map((reason, index) => [`${index}`, reason])),
      reasons.map((_, index) => [`${index}`, index]),
    );
    expect(await deadLetterGroups(shard.database)).toMatchObject([{ reason: 'too big', count: 3 }]);
    const list = await listDeadLetters(shard.database, { reason: 'too big' }, '0', 10);
    expect(list.map(({ reason, detail }) => `${reason}: ${detail}`)).toEqual(reasons);
  });

  it('of an earlier release is one of a kind, too', async () => {
    const old = {
      a: 'invalid: src',
      b: 'invalid: the payload is not JSON',
      c: 'PRECONDITION_FAILED - message size 17 is larger than configured max size 16',
      d: 'PRECONDITION_FAILED - message size 18 is larger than configured max size 16',
      e: "Field 'messageId' is the wrong type",
    };
    await died({ ...old }, [
      ...Object.keys(old).map((name, key): [string, number] => [name, key]),
      ['behind a', 0],
    ]);
    await shard.database.undoLastMigration();
    for (const [payload, reason] of Object.entries(old))
      await shard.rows(
        `UPDATE outbox_dead_letter SET reason = $2 FROM outbox_message AS message
          WHERE message.id = outbox_dead_letter.id AND payload = $1`,
        [payload, reason],
      );
    await shard.database.runMigrations();
    expect(await deadLetterGroups(shard.database)).toMatchObject([
      { reason: 'invalid', count: 2 },
      { reason: 'too-big', count: 2 },
      { reason: 'behind', count: 1 },
      { reason: 'unencodable', count: 1 },
    ]);
    const list = await listDeadLetters(shard.database, {}, '0', 10);
    expect(list.map(({ detail }) => detail)).toEqual([
      'src',
      'the payload is not JSON',
      old.c,
      old.d,
      old.e,
      null,
    ]);
  });

  it('C9: of one key makes only that key wait, is seen, and is redriven or dropped', async () => {
    await died({ a1: 'too large' }, [['a1'], ['b1', 1], ['a2'], ['b2', 1]]);
    const attempts = shard.broker.payloads;
    await shard.message('a3');
    await shard.message('b3', 1);
    await shard.runOwners(1);
    expect([...attempts, ...shard.broker.payloads]).toEqual(['b3']);
    expect(await deadLetterGroups(shard.database)).toMatchObject([
      {
        reason: 'behind',
        type: 'thing.happened',
        count: 2,
        firstSeen: expect.any(Date),
        lastSeen: expect.any(Date),
      },
      { reason: 'too large', count: 1 },
    ]);
    expect(await drop({ reason: 'too large' }, 1)).toEqual({ dropped: 1 });
    expect(await redrive({ keys: [shard.key(0)] })).toMatchObject({ messages: 2 }); // a1 is no longer meant
    await shard.runOwners(1);
    await shard.message('a4');
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['b3', 'a2', 'a3', 'a4']);
  });

  it('is dropped only by somebody who knows how many there are', async () => {
    await died({ '1': 'too large', '2': 'too large' }, [
      ['1', 1],
      ['2', 2],
      ['3', 3],
    ]);
    expect(await drop({ all: true }, 1)).toEqual({ counted: 2 });
    expect(await drop({ keys: ['unknown'] }, 1)).toEqual({ counted: 0 });
    expect(await shard.deadLetters()).toHaveLength(2);
    expect(await listInterventions(shard.database, 10)).toEqual([]);
    expect(await drop({ keys: [shard.key(1)] }, 1)).toEqual({ dropped: 1 });
    expect(await drop({ all: true }, 2)).toEqual({ counted: 1 }); // what is dropped does not count again
    expect(await shard.deadLetters()).toMatchObject([{ payload: '2' }]);
  });

  it('that is dropped stays on record with who and why, is never sent, and holds back nothing', async () => {
    await died({ '1': 'too large' }, [['1']]);
    await drop({ all: true }, 1);
    await shard.message('2');
    expect((await redrive()).interventions).toEqual([]);
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['2']);
    expect(await listDeadLetters(shard.database, { reason: 'too large' }, '0', 10)).toMatchObject([
      { payload: '1', key: shard.key(0), droppedBy: 'ann', droppedWhy: who.why, droppedAt: expect.any(Date) },
    ]);
    expect((await stationsOf(shard.database, [shard.key(0)])).values().next().value).toEqual({
      station: 'dead-lettered',
    });
    expect(await listInterventions(shard.database, 10)).toMatchObject([
      { kind: 'drop', ...who, messages: 1, finishedAt: expect.any(Date) },
    ]);
    expect(await openInterventions(shard.database)).toBe(0);
  });

  it('that is dropped while a window is published lets none of its key overtake what it held back', async () => {
    await died({ a1: 'too large' }, [['a1']]);
    await shard.message('b', 1);
    await shard.messages('a2', 'a3');
    shard.broker.beforeConfirm = async () => {
      shard.broker.beforeConfirm = () => {};
      await shard.untilRelayIsIdle(); // it has read that a2 is behind a1
      await drop({ all: true }, 1);
    };
    await shard.runOwners(1, { sliceSize: 1 });
    await redrive();
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['b', 'a2', 'a3']);
  });

  it('is not dropped while its redrive may have sent it already, nor while that is only being asked for', async () => {
    await died({ a1: 'too large', b: 'too large' }, [['a1'], ['a2'], ['b', 1]]);
    await redrive({ keys: [shard.key(0)] });
    shard.broker.beforeConfirm = async () => {
      shard.broker.beforeConfirm = () => {};
      expect(await drop({ all: true }, 3)).toEqual({ counted: 1 });
    };
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['a1', 'a2']);
    const refused = await shard.database.transaction(async (tx) => {
      await requestRedrive(tx, { all: true }, who);
      const dropped = drop({ all: true }, 1);
      await eventually(async () => expect(await waitingForLocks()).toBe(1));
      return { dropped };
    });
    expect(await refused.dropped).toEqual({ counted: 0 });
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['a1', 'a2', 'b']);
    expect(await listDeadLetters(shard.database, {}, '0', 10)).toEqual([]);
  });

  it('that is dropped in the moment it dies does not come back', async () => {
    await shard.rows(`
      CREATE FUNCTION drop_at_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.dropped_at := now(); RETURN NEW; END $$;
      CREATE TRIGGER drop_at_once BEFORE INSERT ON outbox_dead_letter FOR EACH ROW EXECUTE FUNCTION drop_at_once()`);
    try {
      shard.poison.set('1', 'too large');
      await shard.messages('1', '2');
      expect(await shard.newPass().run()).toEqual({ kind: 'drained' });
    } finally {
      await shard.rows('DROP FUNCTION drop_at_once CASCADE');
    }
    expect(shard.broker.payloads).toEqual(['2']);
  });

  it('is listed page by page with its message', async () => {
    await died({ '1': 'x', '2': 'x', '3': 'y' }, [
      ['1', 1],
      ['2', 2],
      ['3', 3],
    ]);
    const page = await listDeadLetters(shard.database, { reason: 'x' }, '0', 1);
    expect(page).toMatchObject([
      { payload: '1', reason: 'x', type: 'thing.happened', droppedAt: null, headers: {} },
    ]);
    expect(await listDeadLetters(shard.database, { reason: 'x' }, page[0]?.id ?? '', 10)).toMatchObject([
      { payload: '2' },
    ]);
    expect(await listDeadLetters(shard.database, { keys: [shard.key(3)] }, '0', 10)).toMatchObject([
      { payload: '3' },
    ]);
  });
});
