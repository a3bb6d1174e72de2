import { afterEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { requireDurableCommits, requireOrdinaryRole } from './database-checks.js';
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
    ['B13 K8: is refused with synchronous_commit off', 'off'],
    ['B13 K8: is refused with synchronous_commit local', 'local'],
    ['B13 K8: is refused with synchronous_commit remote_write', 'remote_write'],
  ])('%s', async (_title, value) => {
    await expect(requireDurableCommits(await connected(`-c synchronous_commit=${value}`))).rejects.toThrow(
      `synchronous_commit is ${value}: a crash would lose answered payments`,
    );
  });

  it.each([
    ['K9: a superuser', '', 'this role is a superuser'],
    ['K9: the owner of a table', 'CREATE TABLE its_own ()', 'this role owns tables'],
    ['K9: an ordinary role', 'SELECT', undefined],
  ])('is used by %s, and that is told', async (_title, sql, complaint) => {
    const admin = await connected('');
    if (sql === '') return await expect(requireOrdinaryRole(admin)).rejects.toThrow(complaint);
    await admin.query('CREATE ROLE somebody LOGIN PASSWORD $$x$$');
    try {
      await admin.query('GRANT CREATE ON SCHEMA public TO somebody');
      await admin.query('SET ROLE somebody');
      await admin.query(sql);
      const checked = requireOrdinaryRole(admin);
      if (complaint === undefined) await expect(checked).resolves.toBeUndefined();
      else await expect(checked).rejects.toThrow(complaint);
    } finally {
      await admin.query('RESET ROLE');
      await admin.query('DROP OWNED BY somebody');
      await admin.query('DROP ROLE somebody');
    }
  });

  it('K8: is refused when it stores text as anything but UTF-8', async () => {
    const admin = await connected('');
    await admin.query("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    try {
      const url = new URL(servers);
      url.pathname = '/latin';
      const options = postgresOptions({ url: url.href, process: 'test', poolSize: 1, entities: [] });
      const latin = await new DataSource(options).initialize();
      await expect(requireDurableCommits(latin)).rejects.toThrow('stores text as LATIN1; it must be UTF8');
      await latin.destroy();
    } finally {
      await admin.query('DROP DATABASE latin');
    }
  });

  it('B12: is refused while it is read-only', async () => {
    const checked = requireDurableCommits(await connected('-c default_transaction_read_only=on'));
    await expect(checked).rejects.toThrow('the database is read-only');
  });
});
