import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { HeldConnection } from './held-connection.js';
import { enqueue, OutboxRetention } from './index.js';
import { RelayPass } from './relay-pass.js';
import { lockClass, memberLock } from './shard-ownership.js';
import { beatSql } from './sql/beat.js';
import { OutboxDatabase } from './test/outbox-database.js';
import { openWindow, type Progress } from './window.js';

jest.setTimeout(300_000);

const history = 60_000;
const live = 5_000;

/** Nothing that is deleted can be vacuumed, because somebody looks on: dead rows stay in the table and its indexes. */
describe('a snapshot that is held while messages come and go', () => {
  let outbox: OutboxDatabase;
  let snapshot: Awaited<ReturnType<OutboxDatabase['session']>>;
  const figures: Record<string, unknown> = {};
  beforeAll(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    snapshot = await outbox.session();
    await snapshot.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await snapshot.query('SELECT FROM outbox_message LIMIT 1');
  });
  afterAll(async () => {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    await snapshot.end();
    await outbox.drop();
  });

  const publishHistory = async () => {
    for (let rows = 0; rows < history; rows += 20_000)
      await outbox.database.query(
        `INSERT INTO outbox_message (shard, run_id, type, key, payload, created_at)
         SELECT outbox_shard('key-' || n % 1000), run_id, 't', 'key-' || n % 1000, '{}', now() - interval '30 d'
           FROM outbox_settings, generate_series(1, $1::int) AS n`,
        [Math.min(20_000, history - rows)],
      );
    await outbox.database.query(
      `INSERT INTO outbox_progress (shard, seq, epoch, base, after_id)
       SELECT shard, max(seq) + 1, max(epoch) + 1, pg_current_snapshot(), max(after_id) FROM outbox_progress GROUP BY shard`,
    );
  };
  /** In a process that was just started: it does not know where the last one ended. */
  const retain = async (retentionMinutes: number) => {
    const retention = new OutboxRetention({ retentionMinutes, verifiedOnly: false });
    const portionsMs: number[] = [];
    const startedAt = performance.now();
    const run = await outbox.retaining((db) =>
      retention.run({
        query: async <Rows>(sql: string, parameters?: unknown[]) => {
          const at = performance.now();
          const rows = await db.query<Rows>(sql, parameters);
          if (sql.includes('DELETE FROM outbox_message')) portionsMs.push(performance.now() - at);
          return rows;
        },
      }),
    );
    return {
      removed: run?.removed.messages,
      portions: portionsMs.length,
      longestMs: Math.round(Math.max(...portionsMs)),
      ms: Math.round(performance.now() - startedAt),
    };
  };
  const pollMs = async () => {
    const connection = await HeldConnection.open(outbox.relay);
    const [progress] = await connection.query<Progress[]>(
      'SELECT * FROM outbox_progress WHERE shard = 0 ORDER BY seq DESC LIMIT 1',
    );
    const poll = await medianMs(async () => progress && openWindow(connection, progress));
    const beat = await medianMs(() => connection.query(beatSql, [lockClass, memberLock]));
    await connection.giveBack();
    return { poll, beat };
  };
  /** How long the relay takes for some live messages. */
  const publishLiveMs = async () => {
    await outbox.database.transaction((tx) =>
      enqueue(
        tx,
        Array.from({ length: live }, () => ({ type: 't', key: outbox.keyOfShard0, payload: '{}' })),
      ),
    );
    let published = 0;
    const pass = new RelayPass({
      database: outbox.relay,
      shard: 0,
      sliceSize: 500,
      publish: async (_shard, rows) => void (published += rows.length),
      mayGoOn: () => true,
    });
    const startedAt = performance.now();
    expect(await pass.run()).toEqual({ kind: 'drained' });
    const ms = performance.now() - startedAt;
    expect(published).toBe(live);
    await pass.abandon();
    return Math.round(ms);
  };

  it('C11: claims stay in milliseconds, and retention works in portions that do not grow', async () => {
    await publishHistory();
    await publishLiveMs();
    figures['relay alone, ms'] = await publishLiveMs();
    const first = retain(60);
    figures['relay beside retention, ms'] = await publishLiveMs();
    figures['first'] = await first;
    figures['after the first, ms'] = await pollMs();
    await publishHistory();
    figures['second'] = await retain(0); // behind the dead rows of the first
    const after = (figures['after the second, ms'] = await pollMs());
    expect(figures).toMatchObject({ first: { removed: history }, second: { removed: history + 3 * live } });
    const { portions, longestMs } = figures['second'] as Awaited<ReturnType<typeof retain>>;
    expect(portions).toBeGreaterThanOrEqual(history / 10_000);
    expect(longestMs).toBeLessThan(5_000);
    expect(Math.max(after.poll, after.beat)).toBeLessThan(25);
  });
});

async function medianMs(look: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 21; count++) {
    const startedAt = performance.now();
    await look();
    times.push(performance.now() - startedAt);
  }
  return Number(times.toSorted((a, b) => a - b)[10]?.toFixed(2));
}
