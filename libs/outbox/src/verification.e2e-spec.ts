import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { OutboxDatabase } from './test/outbox-database.js';
import { Random } from './test/random.js';
import { requestMarkers } from './request-markers.js';
import { markVerified, messagesBefore, verificationOf, type SentMessage } from './verification.js';

const by = 'a test';
let outbox: OutboxDatabase;
beforeEach(async () => {
  outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
});
afterEach(() => outbox.drop());

describe('the verification of a shard', () => {
  it.each([1, 2, 3])(
    'walks over each message exactly once, whatever transactions were open at its markers (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      const writers = await Promise.all(Array.from({ length: 6 }, () => outbox.session()));
      const open = new Set<pg.Client>();
      const seen: string[] = [];
      for (let step = 0; step < 300; step++) {
        const writer = writers[random.below(writers.length)]!;
        if (!open.has(writer)) {
          await writer.query('BEGIN');
          open.add(writer);
        }
        if (random.chance(0.8)) await insert(writer, 1 + random.below(4));
        if (random.chance(0.2)) {
          await writer.query(random.chance(0.2) ? 'ROLLBACK' : 'COMMIT');
          open.delete(writer);
        }
        if (random.chance(0.1)) seen.push(...(await verifyAll(1 + random.below(5))).map(({ id }) => id));
      }
      for (const writer of open) await writer.query('COMMIT');
      seen.push(...(await verifyAll(3)).map(({ id }) => id));
      await Promise.all(writers.map((writer) => writer.end()));
      const all = await outbox.database.query<{ id: string }[]>('SELECT id FROM outbox_message ORDER BY id');
      expect(all.length).toBeGreaterThan(100);
      expect(seen.toSorted((a, b) => Number(a) - Number(b))).toEqual(all.map(({ id }) => id));
      expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({ hasMore: false, markers: [] });
    },
  );

  it('starts with the whole history, and asks for nothing when nothing is there', async () => {
    expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({
      base: '3:3:',
      verifiedAt: null,
      hasMore: false,
      markers: [],
    });
    await insert(outbox.database, 7);
    expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({ hasMore: true });
    expect(await verifyAll(1_000)).toHaveLength(7);
    expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({
      hasMore: false,
      verifiedAt: expect.any(Date),
    });
  });

  it('leaves out dead letters, and comes back to one that was redriven since', async () => {
    await insert(outbox.database, 3);
    await outbox.database.query(
      `INSERT INTO outbox_dead_letter (id, shard, key, message_id, type, reason)
       SELECT id, shard, key, message_id, type, 'invalid' FROM outbox_message WHERE id = 2`,
    );
    expect((await verifyAll(2)).map(({ id }) => id)).toEqual(['1', '3']);
    await outbox.database.query('DELETE FROM outbox_dead_letter');
    await intervene('redrive', 'somebody', { ids: '{2}' });
    expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({ hasMore: true });
    expect((await verifyAll(2)).map(({ id }) => id)).toContain('2');
    expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({ hasMore: false });
  });

  it('looks again at what was replayed since, by range or by ids', async () => {
    await insert(outbox.database, 9);
    await verifyAll(100);
    await intervene('replay', 'somebody', { from_id: '3', to_id: '5' });
    await intervene('replay', 'somebody', { ids: '{5,8}' });
    await insert(outbox.database, 1);
    expect((await verifyAll(2)).map(({ id }) => id)).toEqual(['10', '3', '4', '5', '8']);
  });

  it('waits for its own repair, and trusts no marker from before that was finished', async () => {
    await insert(outbox.database, 3);
    await publishMarker();
    await intervene('replay', by, { ids: '{1}' }, 'NULL');
    expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({ repairing: true });
    await outbox.database.query('UPDATE outbox_intervention SET finished_at = clock_timestamp()');
    expect(await verificationOf(outbox.relay, 0, by)).toMatchObject({ repairing: false, markers: [] });
    await publishMarker();
    expect((await verificationOf(outbox.relay, 0, by)).markers).toHaveLength(1);
  });

  it('offers a marker that waits to be published as such, and others than its own', async () => {
    await insert(outbox.database, 1);
    await requestMarkers(outbox.relay);
    expect((await verificationOf(outbox.relay, 0, by)).markers).toMatchObject([
      { base: null, publishedAt: null },
    ]);
    await publishMarker();
    expect((await verificationOf(outbox.relay, 0, by)).markers).toMatchObject([
      { base: expect.any(String), publishedAt: expect.any(String) },
      { base: null },
    ]);
  });
});

/** As the owner of the shard and the ledger: everything is published, a marker after it, and it arrives. */
async function verifyAll(sliceSize: number): Promise<SentMessage[]> {
  await publishMarker();
  const verification = await verificationOf(outbox.relay, 0, by);
  const [marker] = verification.markers;
  const found: SentMessage[] = [];
  for await (const slice of messagesBefore(outbox.relay, verification, marker!, sliceSize))
    found.push(...slice);
  await markVerified(outbox.relay, marker!);
  return found;
}

async function publishMarker(): Promise<void> {
  await outbox.database.query(
    `INSERT INTO outbox_marker (set_id, shard, base, published_at)
     VALUES (gen_random_uuid(), 0, pg_current_snapshot(), clock_timestamp())`,
  );
}

async function intervene(
  kind: string,
  who: string,
  what: Record<string, string>,
  finishedAt = 'clock_timestamp()',
) {
  await outbox.database.query(
    `INSERT INTO outbox_intervention (kind, shard, requested_by, why, finished_at, ${Object.keys(what).join(', ')})
     VALUES ($1, 0, $2, 'a test', ${finishedAt}, ${Object.keys(what)
       .map((_, index) => `$${index + 3}`)
       .join(', ')})`,
    [kind, who, ...Object.values(what)],
  );
}

async function insert(db: { query(sql: string, values: unknown[]): Promise<unknown> }, count: number) {
  await db.query(
    `INSERT INTO outbox_message (shard, run_id, type, key, payload)
     SELECT 0, run_id, 'thing.happened', 'key-' || gen_random_uuid(), '{}'
       FROM outbox_settings, generate_series(1, $1)`,
    [count],
  );
}
