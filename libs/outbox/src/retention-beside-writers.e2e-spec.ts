import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { enqueue, OutboxRetention, shardCount, Unpublishable } from './index.js';
import { RelayPass } from './relay-pass.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { Random } from './test/random.js';
import { Recorder } from './test/recorder.js';

jest.setTimeout(120_000);

const seed = 20_260_401;
const transactions = 150;

/**
 * Writers that commit, roll back and dawdle, a relay, a verifier that lags behind, interventions that come and go, and
 * a retention for which everything is too old at once: what it takes is held against what may go.
 */
describe(`retention beside writers and a relay (seed ${seed})`, () => {
  let outbox: OutboxDatabase;
  beforeAll(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    // Whether a row is asked for is looked at in the moment when it goes: a relay ends interventions at any time.
    await outbox.database.query(`
      CREATE TABLE removed (id bigint, message_id uuid, asked boolean);
      CREATE FUNCTION note_removed() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO removed
        SELECT old.id, old.message_id,
               EXISTS (SELECT
                         FROM outbox_intervention
                        WHERE finished_at IS NULL
                          AND shard = old.shard
                          AND (old.id BETWEEN from_id AND to_id OR old.id = ANY (ids)));
        RETURN old;
      END $$;
      CREATE TRIGGER note_removed AFTER DELETE ON outbox_message FOR EACH ROW EXECUTE FUNCTION note_removed()`);
  });
  afterAll(() => outbox.drop());

  it('H8: never removes what is unpublished, unverified, dead or asked for, and loses nothing', async () => {
    const random = new Random(seed);
    const broker = new Recorder();
    const confirmed = new Set<string>();
    const publish = async (_shard: number, rows: Recorder['rows']) => {
      const poison = rows.filter(({ payload }) => payload.startsWith('poison'));
      if (poison.length > 0)
        throw new Unpublishable(poison.map((row) => ({ messageId: row.message_id, reason: 'poison' })));
      broker.rows.push(...rows);
      for (const row of rows) confirmed.add(row.message_id);
    };
    const verified = new Set<string>();
    const writers = { atWork: true };

    const writer = async (numbers: Random, name: number) => {
      for (let count = 0; count < transactions / 5; count++) {
        const runner = outbox.database.createQueryRunner();
        await runner.startTransaction();
        const size = 1 + numbers.below(4);
        for (let index = 0; index < size; index++) {
          // Each writer has keys of its own: who shares a key would have to wait for a lock before it writes.
          const key = `${name}/${numbers.below(8)}`;
          const payload = `${numbers.chance(0.03) ? 'poison' : 'm'} ${name}/${count}/${index}`;
          await enqueue(runner.manager, [{ type: 'thing.happened', key, payload }]);
          if (numbers.chance(0.2)) await until(numbers.below(60));
        }
        await (numbers.chance(0.2) ? runner.rollbackTransaction() : runner.commitTransaction());
        await runner.release();
      }
    };
    const relayOf = async (shard: number) => {
      const pass = new RelayPass({
        database: outbox.relay,
        shard,
        sliceSize: 3,
        replaySlice: 1, // a row in a second: interventions last for a while
        publish,
        mayGoOn: () => true,
      });
      for (let isLast = false; !isLast;) {
        const sawAll = !writers.atWork; // before the pass: what is written while it runs it may not see
        const outcome = await pass.run();
        if (!['more', 'drained'].includes(outcome.kind)) throw new Error(JSON.stringify(outcome));
        isLast = sawAll && outcome.kind === 'drained';
      }
      await pass.abandon();
    };
    const verify = async (shard: number) => {
      const [marker] = await outbox.database.query<{ id: string; shard: number; base: string }[]>(
        `INSERT INTO outbox_marker (set_id, shard, base, published_at)
         SELECT gen_random_uuid(), shard, base, now()
           FROM outbox_progress WHERE shard = $1 ORDER BY seq DESC LIMIT 1
         RETURNING id, shard, base`,
        [shard],
      );
      if (!marker || random.chance(0.4)) return; // its messages have not all arrived
      const rows = await outbox.database.query<{ message_id: string }[]>(
        'SELECT message_id FROM outbox_message WHERE shard = $1 AND pg_visible_in_snapshot(xid, $2)',
        [marker.shard, marker.base],
      );
      for (const { message_id } of rows) verified.add(message_id);
      await outbox.database.query('UPDATE outbox_marker SET verified_at = now() WHERE id = $1', [marker.id]);
    };
    const intervene = async (shard: number) => {
      const rows = await outbox.database.query<{ id: string }[]>(
        'SELECT id FROM outbox_message WHERE shard = $1 ORDER BY id LIMIT 5',
        [shard],
      );
      const ids = rows.map(({ id }) => id);
      if (ids.length === 0) return;
      const named = random.chance(0.5) ? [null, null, ids] : [ids[0], ids.at(-1), null];
      await outbox.database.query(
        `INSERT INTO outbox_intervention (kind, shard, requested_by, why, from_id, to_id, ids)
         VALUES ('replay', $1, 'test', 'test', $2, $3, $4)`,
        [shard, ...named],
      );
    };
    const end = () =>
      outbox.database.query(
        'UPDATE outbox_intervention SET finished_at = clock_timestamp() WHERE finished_at IS NULL',
      );
    const retention = new OutboxRetention({ retentionMinutes: 0, verifiedOnly: true, portionSize: 7 });
    const runs = async () => {
      let removedBefore = 0;
      for (let ended = false; !ended;) {
        ended = !writers.atWork && removedBefore > 20; // a slow machine has got to little while they wrote
        // The same shard, else what is asked for is hardly ever what may go just now.
        const shard = random.below(shardCount);
        if (random.chance(0.5)) await verify(shard);
        if (random.chance(0.4)) await intervene(shard);
        if (random.chance(0.3)) await end();
        Object.assign(retention, { sweepAt: 0 }); // as an hour later
        const run = await outbox.retaining((db) => retention.run(db));
        const removed = await outbox.database.query<{ message_id: string; asked: boolean; dead: boolean }[]>(
          `SELECT message_id, asked, EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = removed.id) AS dead
             FROM removed OFFSET $1`,
          [removedBefore],
        );
        removedBefore += removed.length;
        expect(run?.removed.messages).toBe(removed.length);
        for (const row of removed) {
          expect({ ...row, confirmed: confirmed.has(row.message_id) }).toMatchObject({
            dead: false,
            asked: false,
            confirmed: true,
          });
          expect(verified).toContain(row.message_id);
        }
      }
      return removedBefore;
    };

    const writing = Array.from({ length: 5 }, (_, name) => writer(random.fork(), name));
    const [removed] = await Promise.all([
      runs(),
      ...Array.from({ length: shardCount }, (_, shard) => relayOf(shard)),
      Promise.all(writing).finally(() => (writers.atWork = false)),
    ]);

    const left = await outbox.database.query<{ message_id: string; dead: boolean }[]>(
      `SELECT message_id, EXISTS (SELECT FROM outbox_dead_letter AS dead WHERE dead.id = message.id) AS dead
         FROM outbox_message AS message`,
    );
    for (const row of left) expect(confirmed.has(row.message_id)).toBe(!row.dead);
    const written = await outbox.database.query<{ last: number }[]>(
      'SELECT (count(*))::int AS last FROM removed',
    );
    expect(written[0]?.last).toBe(removed);
    expect(confirmed.size).toBe(removed + left.filter(({ dead }) => !dead).length);
    process.stdout.write(
      `${JSON.stringify({ removed, left: left.length, dead: left.filter(({ dead }) => dead).length, verified: verified.size })}\n`,
    );
  });
});

/** A transaction that dawdles: time is what this fault is made of. */
function until(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
