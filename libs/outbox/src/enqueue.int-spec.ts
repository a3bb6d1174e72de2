import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { OutboxDatabase } from './test/outbox-database.js';
import {
  enqueue,
  OutboxDeadLetter,
  OutboxIntervention,
  OutboxMarker,
  OutboxMessage,
  OutboxProgress,
  OutboxSettings,
} from './index.js';

jest.setTimeout(30_000);

describe('enqueue', () => {
  let outbox: OutboxDatabase;
  beforeAll(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
  });
  afterAll(() => outbox.drop());

  const messages = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      type: 'thing.happened',
      key: `key-${index}`,
      headers: { causation: `"{${index},\\}"` },
      payload: `{"index":${index}}`,
    }));

  it('refuses to run outside a transaction', async () => {
    await expect(enqueue(outbox.database.manager, messages(1))).rejects.toThrow(
      'needs the transaction it belongs to',
    );
    expect(await outbox.database.manager.count(OutboxMessage)).toBe(0);
  });

  it('leaves nothing behind when the transaction is rolled back', async () => {
    const work = outbox.database.transaction(async (tx) => {
      await enqueue(tx, messages(3));
      throw new Error('changed its mind');
    });
    await expect(work).rejects.toThrow('changed its mind');
    expect(await outbox.database.manager.count(OutboxMessage)).toBe(0);
  });

  it('gives ids in the order of the call, shards by key, and message ids and the run by the database', async () => {
    await outbox.database.transaction((tx) => enqueue(tx, messages(500)));
    const rows = await outbox.database.manager.find(OutboxMessage, { order: { id: 'ASC' } });
    const settings = await outbox.database.manager.findOneByOrFail(OutboxSettings, { onlyRow: true });
    expect(rows.map(({ key }) => key)).toEqual(messages(500).map(({ key }) => key));
    expect(rows[7]?.headers).toEqual({ causation: '"{7,\\}"' });
    expect(rows[7]?.payload).toBe('{"index":7}');
    expect(new Set(rows.map(({ shard }) => shard))).toEqual(new Set([0, 1, 2, 3]));
    expect(new Set(rows.map(({ runId }) => runId))).toEqual(new Set([settings.runId]));
    const ids = rows.map(({ messageId }) => messageId);
    expect(
      ids.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toEqual([]);
    expect(ids.toSorted()).toEqual(ids); // one after the other by the database's clock
    const [row] = await outbox.database.query<{ drift: number }[]>(
      `SELECT abs(extract(epoch FROM created_at) * 1000 - ('x' || left(replace(message_id::text, '-', ''), 12))::bit(48)::bigint) AS drift
         FROM outbox_message LIMIT 1`,
    );
    expect(Number(row?.drift)).toBeLessThan(1_000);
  });

  it('keeps a message id that is given', async () => {
    const messageId = '01920000-0000-7000-8000-000000000001';
    await outbox.database.transaction((tx) =>
      enqueue(tx, [{ messageId, type: 't', key: 'given', payload: '{}' }]),
    );
    expect(await outbox.database.manager.countBy(OutboxMessage, { key: 'given', messageId })).toBe(1);
  });
});

describe('the migration', () => {
  it('agrees with the entities', async () => {
    const outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    try {
      const { upQueries } = await outbox.database.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
      // Tables with columns that TypeORM has no type for are not synchronised: those columns are compared here.
      for (const [entity, unmapped] of [
        [OutboxMessage, ['xid']],
        [OutboxProgress, ['base', 'horizon']],
        [OutboxDeadLetter, []],
        [OutboxMarker, ['base']],
        [OutboxIntervention, []],
      ] as const) {
        const metadata = outbox.database.getMetadata(entity);
        const table = await outbox.database.createQueryRunner().getTable(metadata.tableName);
        const mapped = metadata.columns.map(({ databaseName, type, isNullable }) => ({
          databaseName,
          type,
          isNullable,
        }));
        const actual = (table?.columns ?? []).map(({ name, type, isNullable }) => ({
          databaseName: name,
          type: type === 'timestamp with time zone' ? 'timestamptz' : type,
          isNullable,
        }));
        expect(actual.filter(({ databaseName }) => !unmapped.some((name) => name === databaseName))).toEqual(
          mapped,
        );
        expect(unmapped.filter((name) => !actual.some(({ databaseName }) => databaseName === name))).toEqual(
          [],
        );
      }
    } finally {
      await outbox.drop();
    }
  });
});
