import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Client } from 'pg';
import { bigintArray, byteaArray, smallintArray, textArray, uuidArray } from './postgres-arrays.js';

let client: Client;

beforeAll(async () => {
  client = new Client({ connectionString: process.env.TEST_PAYMENTS_ADMIN_URL ?? '' });
  await client.connect();
});
afterAll(() => client.end());

/** What Postgres reads in a parameter, as texts. */
async function asRead(type: string, parameter: Buffer): Promise<unknown> {
  const { rows } = await client.query<{ read: unknown }>(`SELECT ($1::${type}[])::text[] AS read`, [
    parameter,
  ]);
  return rows[0]?.read;
}

describe('an array that is sent in binary', () => {
  it('is read by Postgres as the texts it was made of, whatever is in them', async () => {
    const text = fc.option(fc.string({ unit: 'binary' }).map((any) => any.replaceAll('\0', '')));
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (texts) => {
        expect(await asRead('text', textArray(texts))).toEqual(texts);
      }),
    );
    expect(await asRead('text', textArray([undefined, 'half a pair: \ud800']))).toEqual([
      null,
      'half a pair: \ufffd',
    ]);
  });

  it('is read as the UUIDs, bytes and integers it was made of', async () => {
    const bytes = fc.uint8Array().map((any) => Buffer.from(any).toString('hex'));
    const rows = fc.array(
      fc.tuple(
        fc.uuid(),
        bytes,
        fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        fc.integer({ min: -32_768, max: 32_767 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        expect(await asRead('uuid', uuidArray(all.map(([uuid]) => uuid)))).toEqual(all.map(([uuid]) => uuid));
        const hex = all.map(([, value]) => value);
        expect(await asRead('bytea', byteaArray(hex))).toEqual(hex.map((value) => `\\x${value}`));
        const big = all.map(([, , value]) => String(value));
        expect(await asRead('bigint', bigintArray(big))).toEqual(big);
        const small = all.map(([, , , value]) => value);
        expect(await asRead('smallint', smallintArray(small))).toEqual(small.map(String));
      }),
    );
    expect(await asRead('uuid', uuidArray(['0192D3A0-0000-7000-8000-00000000ABCD']))).toEqual([
      '0192d3a0-0000-7000-8000-00000000abcd',
    ]);
  });

  it('with a NUL in a text is refused by Postgres, as in any text', async () => {
    await expect(asRead('text', textArray(['a\0b']))).rejects.toMatchObject({ code: '22021' });
  });
});
