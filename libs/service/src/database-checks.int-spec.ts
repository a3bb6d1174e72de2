import { afterEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { requireDurableCommits } from './database-checks.js';
import { postgresOptions } from './postgres.js';

const servers = process.env.TEST_PAYMENTS_ADMIN_URL ?? '';
let database: DataSource | undefined;
afterEach(() => database?.destroy());

/** @param settings for the session, as an operator can put them into a URL, past what services ask for themselves */
async function connected(settings: string): Promise<DataSource> {
  const url = new URL(servers);
  if (settings) url.searchParams.set('options', settings);
  const options = postgresOptions({ url: url.href, process: 'test', poolSize: 1, entities: [] });
  database = await new DataSource(options).initialize();
  return database;
}

describe('a database that a service is to rely on', () => {
  it.each(['', '-c synchronous_commit=on', '-c synchronous_commit=remote_apply'])(
    'may have been asked for %p',
    async (settings) => {
      await expect(requireDurableCommits(await connected(settings))).resolves.toBeUndefined();
    },
  );

  it.each([
    ['B13: is refused with synchronous_commit off', 'off'],
    ['B13: is refused with synchronous_commit local', 'local'],
    ['B13: is refused with synchronous_commit remote_write', 'remote_write'],
  ])('%s', async (_title, value) => {
    await expect(requireDurableCommits(await connected(`-c synchronous_commit=${value}`))).rejects.toThrow(
      `synchronous_commit is ${value}: a crash would lose answered payments`,
    );
  });

  it('B12: is refused while it is read-only', async () => {
    const checked = requireDurableCommits(await connected('-c default_transaction_read_only=on'));
    await expect(checked).rejects.toThrow('the database is read-only');
  });
});
