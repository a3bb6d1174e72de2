import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bucketPages, type DigestSource } from '@paid-once/compare';
import { PaymentsDatabase, startPayments } from '../test/payments-app.js';
import { digestPaymentsSql } from './sql/digests.js';

let database: PaymentsDatabase;
let app: NestFastifyApplication;

beforeAll(async () => {
  database = await PaymentsDatabase.create();
  app = await startPayments(database);
  // 60 payments, 25 s apart: two or three a bucket; each third is in JPY, each fifth is reversed.
  await database.rows(
    `INSERT INTO payment_event (payment_id, type, message_id, client, idempotency_key, fingerprint, src, dest,
                                amount_minor, currency)
     SELECT id, type, CASE type WHEN 'payment.accepted' THEN id ELSE overlay(id::text PLACING '9' FROM 20 FOR 1)::uuid END,
            'test', type || i, '\\x00', 'bianca', 'marc', i, CASE WHEN i % 3 = 0 THEN 'JPY' ELSE 'EUR' END
       FROM generate_series(1, 60) AS i
      CROSS JOIN LATERAL (SELECT lpad(to_hex(1790000000000 + i * 25000), 12, '0') AS ms) AS clock
      CROSS JOIN LATERAL (SELECT (left(ms, 8) || '-' || right(ms, 4) || '-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS id) AS made
      CROSS JOIN LATERAL unnest(CASE WHEN i % 5 = 0 THEN '{payment.accepted,payment.reversed}'::text[]
                                     ELSE '{payment.accepted}'::text[] END) AS type`,
  );
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const lines = async (url: string) =>
  (await app.inject(url)).body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('digests', () => {
  it('are the same whatever the size of a page, and add up to what was paid', async () => {
    const buckets = await lines('/digests');
    for (const pageRows of [1, 2, 7, 50]) {
      const source: DigestSource = {
        query: async <Row>(sql: string, parameters: unknown[]) =>
          (await database.rows(sql, parameters)) as Row[],
        sql: digestPaymentsSql,
        pageRows,
      };
      const paged: object[] = [];
      for await (const page of bucketPages(source, {}, 8)) paged.push(...page);
      expect(paged).toEqual(buckets);
    }
    expect(buckets.length).toBeGreaterThan(20);
    const sum = (part: string) => buckets.reduce((total, bucket) => total + Number(bucket[part]), 0);
    expect([sum('count'), sum('payments'), sum('reversals')]).toEqual([72, 60, 12]);
    const stats = (await app.inject('/stats')).json<{ totals: Record<string, string> }>();
    const net = buckets.reduce(
      (total, { totals }) => total + Number((totals as { EUR?: string }).EUR ?? 0),
      0,
    );
    expect(stats.totals['EUR']).toBe((net / 100).toFixed(2));
    expect((await app.inject('/digest')).json()).toMatchObject({ count: '72', sum: '2220' });
  });

  it('of a range in finer buckets are those of its payments', async () => {
    const [first, second] = await lines('/digests');
    const after = `${String(first!['bucket'])}-ffff-ffff-ffff-ffffffffffff`;
    const until = `${String(second!['bucket'])}-ffff-ffff-ffff-ffffffffffff`;
    const fine = await lines(`/digests?digits=12&after=${after}&until=${until}`);
    expect(fine.reduce((count, bucket) => count + Number(bucket['count']), 0)).toBe(second!['count']);
    expect(fine.every(({ bucket }) => String(bucket).startsWith(String(second!['bucket'])))).toBe(true);
    expect(await lines(`/export?after=${after}&until=${until}`)).toHaveLength(Number(second!['count']));
  });

  it('and exports leave out what is not older than a message id', async () => {
    const rows = await lines('/export');
    const bound = String(rows[30]!['messageId']);
    const older = rows.filter(({ messageId }) => String(messageId) < bound);
    expect(older.length).toBeLessThan(rows.length);
    expect(await lines(`/export?olderThan=${bound}`)).toEqual(older);
    const digests = await lines(`/digests?olderThan=${bound}`);
    expect(digests.reduce((count, bucket) => count + Number(bucket['count']), 0)).toBe(older.length);
  });

  it("have a bound by the database's clock", async () => {
    const { olderThan, at } = (await app.inject('/digests/bound?seconds=30')).json<{
      olderThan: string;
      at: string;
    }>();
    const [row] = await database.rows(
      'SELECT $1::uuid < outbox_uuidv7() AS smaller, extract(epoch FROM clock_timestamp() - $2::timestamptz)::float AS ago',
      [olderThan, at],
    );
    expect(row!['smaller']).toBe(true);
    expect(row!['ago']).toBeGreaterThanOrEqual(30);
    expect(row!['ago']).toBeLessThan(40);
    expect(Number.parseInt(olderThan.slice(0, 8) + olderThan.slice(9, 13), 16)).toBe(Date.parse(at));
  });

  it.each([
    '/digests?digits=7',
    '/digests?after=x',
    '/digests?olderThan=x',
    '/export?until=x',
    '/digests/bound',
    '/digests/bound?seconds=-1',
  ])('%s is 400', async (url) => expect((await app.inject(url)).statusCode).toBe(400));
});
