import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inTransaction } from '@paid-once/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { bodyHash, once, type Identified } from '../once.js';
import { ScratchDatabase } from './scratch-database.js';

describe('once', () => {
  let scratch: ScratchDatabase;
  let database: DataSource;
  beforeAll(async () => {
    scratch = await ScratchDatabase.create();
    database = await scratch.open(scratch.url, 60_000); // many wait for each other's locks
  });
  afterAll(() => scratch.drop());
  beforeEach(async () => {
    await database.query('TRUNCATE inbox_message');
    await database.query('UPDATE inbox_window SET oldest = $1', [uuid(0)]);
    await database.query('UPDATE inbox_settings SET run_id = $1', [scratch.runId]);
  });

  const uuid = (n: number) => `0192d3a0-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
  const message = (n: number, body = 'body', run: string | undefined = scratch.runId): Identified => ({
    messageId: uuid(n),
    bodyHash: bodyHash(Buffer.from(body)),
    run,
  });
  const take = (messages: Identified[]) => inTransaction(database, (tx) => once(tx, messages));

  it('lets a message through once, however often it comes, in a batch or after it', async () => {
    const first = await take([message(2), message(1), message(2), message(2)]);
    expect(first.fresh.map((m) => m.messageId)).toEqual([uuid(2), uuid(1)]);
    expect(first.repeated).toHaveLength(2);
    const second = await take([message(1), message(3)]);
    expect(second).toMatchObject({ fresh: [message(3)], repeated: [message(1)] });
  });

  it('calls the same id with another body a conflict, in the same batch and later', async () => {
    const sameBatch = await take([message(1, 'one'), message(1, 'other')]);
    expect(sameBatch).toMatchObject({ fresh: [message(1, 'one')], conflicting: [message(1, 'other')] });
    expect((await take([message(1, 'another')])).conflicting).toHaveLength(1);
  });

  it('forgets a message whose transaction did not commit', async () => {
    const failed = inTransaction(database, async (tx) => {
      await once(tx, [message(1)]);
      throw new Error('the effect failed');
    });
    await expect(failed).rejects.toThrow('the effect failed');
    expect((await take([message(1)])).fresh).toHaveLength(1);
  });

  it('refuses messages of another run, even where the run is nonsense', async () => {
    const others = [
      message(1, 'b', randomUUID()),
      message(2, 'b', 'no uuid\0'),
      { ...message(3), run: undefined },
    ];
    const answer = await take([...others, message(4)]);
    expect(answer).toMatchObject({ otherRun: others, fresh: [message(4)] });
  });

  it('refuses a message that a reset overtakes: the run is read after the wait for its TRUNCATE', async () => {
    const reset = database.createQueryRunner();
    await reset.startTransaction();
    await reset.query('TRUNCATE inbox_message');
    await reset.query('UPDATE inbox_settings SET run_id = $1', [randomUUID()]);
    const taking = take([message(1)]);
    const blocked = () =>
      database.query(`SELECT FROM pg_locks WHERE NOT granted AND relation = 'inbox_message'::regclass`);
    while (((await blocked()) as unknown[]).length === 0);
    await reset.commitTransaction();
    await reset.release();
    expect((await taking).otherRun).toHaveLength(1);
  });

  it('does not take what is older than its memory, unless it still remembers it', async () => {
    await take([message(5)]);
    await database.query('UPDATE inbox_window SET oldest = $1', [uuid(10)]);
    const answer = await take([message(5), message(9), message(10)]);
    expect(answer).toMatchObject({
      repeated: [message(5)],
      outsideWindow: [message(9)],
      fresh: [message(10)],
    });
  });

  it('G10: takes each message in exactly one of many concurrent batches with the same ids in other orders, without a deadlock', async () => {
    const ids = Array.from({ length: 60 }, (_, n) => n);
    const shuffled = () => ids.toSorted(() => Math.random() - 0.5);
    const batches = Array.from({ length: 40 }, () =>
      take(
        shuffled()
          .slice(0, 30)
          .map((n) => message(n)),
      ),
    );
    const answers = await Promise.all(batches);
    const fresh = answers.flatMap((answer) => answer.fresh.map((m) => m.messageId));
    expect(new Set(fresh).size).toBe(fresh.length);
    expect(await database.query('SELECT count(*)::int AS count FROM inbox_message')).toEqual([
      { count: fresh.length },
    ]);
  });

  it('has entities that match its migrations', async () => {
    const { upQueries } = await database.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });
});
