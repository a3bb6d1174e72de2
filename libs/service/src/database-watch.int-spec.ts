import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DatabaseWatch } from './database-watch.js';
import { postgresOptions } from './postgres.js';

let database: DataSource;
beforeAll(async () => {
  const url = process.env['TEST_PAYMENTS_ADMIN_URL'] ?? '';
  database = await new DataSource(
    postgresOptions({ url, process: 'test', poolSize: 1, entities: [] }),
  ).initialize();
});
afterAll(() => database.destroy());

describe('a look at the database for what stands still', () => {
  let said: string[];
  beforeEach(() => {
    said = [];
    for (const level of ['warn', 'log'] as const)
      jest.spyOn(Logger.prototype, level).mockImplementation((line) => void said.push(String(line)));
  });
  afterEach(() => void jest.restoreAllMocks());

  it('is not taken again at once after one that was dear', async () => {
    let looks = 0;
    const watch = new DatabaseWatch(database, 'test', async (db) => {
      looks++;
      await db.query('SELECT pg_sleep(0.5)');
      return [];
    });
    await Promise.all([watch.look(), watch.look()]);
    await watch.look();
    expect(looks).toBe(1);
  });

  it('that fails is told once, takes nothing back, and is taken again', async () => {
    const shard = { what: 'shard 3 stands still', says: 'its payments wait' };
    const sql = ['SELECT 1', 'SELECT FROM nowhere', 'SELECT FROM nowhere', 'SELECT 1'];
    const now = jest.spyOn(performance, 'now').mockReturnValue(0); // a look costs nothing
    const watch = new DatabaseWatch(database, 'test', async (db) => {
      await db.query(sql.shift() ?? '');
      return [shard];
    });
    for (let looks = 0; looks < 4; looks++) await watch.look();
    now.mockRestore();
    expect(said).toEqual([
      'shard 3 stands still: its payments wait',
      expect.stringMatching(/^waiting for a look at what stands still: .*nowhere/),
      expect.stringMatching(/^a look at what stands still is back/),
    ]);
  });
});
