import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HeldConnection } from './held-connection.js';
import {
  findIntervention,
  interventionsOf,
  listInterventions,
  openInterventions,
  requestReplay,
} from './index.js';
import { intervene } from './intervene.js';
import { OneShard } from './test/one-shard.js';
import { takeShard } from './window.js';

let shard: OneShard;
beforeAll(async () => {
  shard = await OneShard.create();
}, 30_000);
afterEach(() => shard.clear());
afterAll(() => shard.drop());

const who = { by: 'ann', why: 'the broker lost its disk' };
const published = async (...payloads: string[]) => {
  await shard.messages(...payloads);
  await shard.newPass().run();
  shard.broker.rows.length = 0;
};
/** As if they were written long ago. */
const age = (payload: string, hours: number) =>
  shard.rows(
    `UPDATE outbox_message SET created_at = created_at - make_interval(hours => $2) WHERE payload = $1`,
    [payload, hours],
  );

describe('a replay', () => {
  it('publishes messages from history again, under their own ids, in order, and says who asked and why', async () => {
    await shard.messages('1', '2', '3');
    await shard.message('of another key', 1);
    await shard.newPass().run();
    const sent = () => shard.broker.rows.map(({ message_id, payload }) => [message_id, payload]);
    const first = sent().slice(0, 3);
    shard.broker.rows.length = 0;
    const { interventions, messages, estimated } = await requestReplay(
      shard.database,
      { keys: [shard.key(0)] },
      who,
    );
    expect([interventions.length, messages, estimated]).toEqual([1, 3, false]);
    expect(await openInterventions(shard.database)).toBe(1);
    await shard.newPass().run();
    expect(sent()).toEqual(first);
    const done = {
      kind: 'replay',
      shard: 0,
      ...who,
      messages: 3,
      failure: null,
      finishedAt: expect.any(Date),
    };
    expect(await findIntervention(shard.database, interventions[0] ?? '')).toMatchObject(done);
    expect(await listInterventions(shard.database, 10)).toMatchObject([done]);
    expect([...(await interventionsOf(shard.database, [shard.key(0)])).values()]).toMatchObject([
      [done],
      [done],
      [done],
    ]);
    expect(await openInterventions(shard.database)).toBe(0);
  });

  // A range may begin behind a payment that still waits for its turn: only what the windows have published may go again.
  it('never lets a message overtake an earlier one of its key that is still pending', async () => {
    await shard.message('earlier window', 1);
    shard.broker.beforeConfirm = async () => {
      shard.broker.beforeConfirm = () => {};
      await shard.messages('payment', 'reversal');
      await age('payment', 3);
      expect((await requestReplay(shard.database, { sinceSeconds: 7_200 }, who)).interventions).toHaveLength(
        4,
      );
    };
    const pass = shard.newPass();
    await pass.run();
    await pass.run();
    await shard.runOwners(2);
    expect(shard.broker.firstOccurrences.map(({ payload }) => payload)).toEqual([
      'earlier window',
      'payment',
      'reversal',
    ]);
  });

  it.each([
    [1, 0],
    [2, 5],
    [3, 0],
    [5, 1],
    [8, 20],
    [13, 0],
  ])(
    'of the last two hours begins where they begin, whatever the %i messages and %i gaps before',
    async (old, gaps) => {
      const names = Array.from({ length: old }, (_, index) => `old ${index}`);
      await shard.messages(...names);
      await shard.rows(
        `SELECT nextval(pg_get_serial_sequence('outbox_message', 'id')) FROM generate_series(1, $1)`,
        [gaps],
      );
      for (const name of names) await age(name, 3);
      await published('1', '2', '3');
      await age('1', 1);
      const { messages, estimated } = await requestReplay(shard.database, { sinceSeconds: 7_200 }, who);
      expect([messages, estimated]).toEqual([3, true]);
      await shard.newPass().run();
      expect(shard.broker.payloads).toEqual(['1', '2', '3']);
    },
  );

  it('of an outbox without messages, or without these, is nothing', async () => {
    expect((await requestReplay(shard.database, { sinceSeconds: 7_200 }, who)).interventions).toEqual([]);
    expect(await requestReplay(shard.database, { keys: ['unknown'] }, who)).toMatchObject({ messages: 0 });
    expect(await requestReplay(shard.database, { ids: ['1'] }, who)).toMatchObject({ interventions: [] });
    expect(await openInterventions(shard.database)).toBe(0);
  });

  it('goes on where its owner died, and repeats at most the slice in hand', async () => {
    await published('1', '2', '3', '4', '5');
    await requestReplay(shard.database, { sinceSeconds: 60 }, who);
    await shard.runOwners(1, { replaySlice: 2 });
    const dying = shard.newPass({ replaySlice: 2 });
    shard.broker.beforeConfirm = () => dying.abandon();
    expect(await dying.run()).toMatchObject({ kind: 'database-lost' });
    shard.broker.beforeConfirm = () => {};
    await shard.runOwners(3, { replaySlice: 2 });
    expect(shard.broker.payloads).toEqual(['1', '2', '3', '4', '3', '4', '5']);
  });

  it('publishes at most one slice a second', async () => {
    await published('1', '2', '3', '4', '5');
    await requestReplay(shard.database, { keys: [shard.key(0)] }, who);
    await requestReplay(shard.database, { keys: [shard.key(0)] }, who);
    const pass = shard.newPass({ replaySlice: 2 });
    const startedAt = performance.now();
    while (performance.now() - startedAt < 500) {
      await pass.run();
      // A slow machine may take longer than half a second for one pass.
      if (performance.now() - startedAt < 900) expect(shard.broker.payloads).toEqual(['1', '2']);
    }
  });

  it('has no more in hand at once than a slice of live messages, however many a second may publish', async () => {
    await published('1', '2', '3', '4', '5');
    await requestReplay(shard.database, { keys: [shard.key(0)] }, who);
    const inHand: number[] = [];
    shard.broker.beforeConfirm = (rows) => void inHand.push(rows.length);
    await shard.runOwners(1, { sliceSize: 2, replaySlice: 1_000 });
    expect(inHand).toEqual([2, 2, 1]);
  });

  it('lets the live messages go first when the broker was away', async () => {
    await published('1', '2');
    await requestReplay(shard.database, { keys: [shard.key(0)] }, who);
    const pass = shard.newPass();
    shard.broker.beforeConfirm = () => {
      throw new Error('broker away');
    };
    expect(await pass.run()).toMatchObject({ kind: 'not-published', cause: { message: 'broker away' } });
    await shard.message('live');
    shard.broker.beforeConfirm = () => {};
    shard.broker.rows.length = 0;
    await shard.runOwners(1);
    expect(shard.broker.payloads).toEqual(['live', '1', '2']);
  });

  it('leaves out dead letters, and what retention has removed', async () => {
    shard.poison.set('2', 'too large');
    await shard.messages('1', '2', '3');
    await shard.message('removed', 1);
    await shard.message('4', 1);
    await shard.newPass().run();
    expect(await requestReplay(shard.database, { keys: [shard.key(0), shard.key(1)] }, who)).toMatchObject({
      messages: 3,
    });
    await requestReplay(shard.database, { sinceSeconds: 60 }, who);
    await shard.rows(`DELETE FROM outbox_message WHERE payload = 'removed'`);
    shard.poison.clear();
    shard.broker.rows.length = 0;
    await shard.runOwners(2);
    expect(shard.broker.payloads).toEqual(['1', '4', '1', '4']);
  });

  it('that meets a message which can never be published goes on without it, says so, and is finished', async () => {
    await shard.messages('1', '2');
    await shard.message('3', 1);
    await shard.newPass().run();
    shard.broker.rows.length = 0;
    const { interventions } = await requestReplay(shard.database, { sinceSeconds: 60 }, who);
    shard.poison.set('1', 'too large');
    const pass = shard.newPass();
    expect(await pass.run()).toEqual({ kind: 'drained' });
    expect(shard.broker.payloads).toEqual(['3']); // what follows the failing one of its key is left out, too
    expect(await findIntervention(shard.database, interventions[0] ?? '')).toMatchObject({
      messages: 1,
      failure: expect.stringMatching(/^message [-0-9a-f]{36} can never be published: too large$/),
      finishedAt: expect.any(Date),
    });
    expect(await shard.deadLetters()).toEqual([]); // it was published once: it is not dead
  });

  it('that the database refuses for ever is finished with its failure, and blocks neither the shard nor the next', async () => {
    await published('1');
    const { interventions } = await requestReplay(shard.database, { keys: [shard.key(0)] }, who);
    await requestReplay(shard.database, { keys: [shard.key(0)] }, { by: 'ann', why: 'another' });
    await shard.rows(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.failure IS NULL AND NEW.why <> 'another' THEN RAISE 'refused' USING ERRCODE = '22000'; END IF; RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON outbox_intervention FOR EACH ROW EXECUTE FUNCTION refuse()`);
    try {
      await shard.message('live');
      await shard.runOwners(2);
    } finally {
      await shard.rows('DROP FUNCTION refuse CASCADE');
    }
    expect(shard.broker.payloads).toEqual(['live', '1', '1']);
    expect(await findIntervention(shard.database, interventions[0] ?? '')).toMatchObject({
      messages: 0,
      failure: 'refused',
      finishedAt: expect.any(Date),
    });
    expect(await openInterventions(shard.database)).toBe(0);
  });

  it('of a stale owner is refused', async () => {
    await published('1', '2');
    const stale = await HeldConnection.open(shard.outbox.relay);
    try {
      const progress = await takeShard(stale, 0);
      const { interventions } = await requestReplay(shard.database, { keys: [shard.key(0)] }, who);
      const owner = shard.newPass({ replaySlice: 1 });
      const publish = async () => void (await owner.run());
      await expect(intervene(stale, progress, publish, 1_000)).rejects.toThrow('another relay');
      expect(await findIntervention(shard.database, interventions[0] ?? '')).toMatchObject({
        messages: 1,
        finishedAt: null,
      });
    } finally {
      await stale.giveBack();
    }
  });
});
