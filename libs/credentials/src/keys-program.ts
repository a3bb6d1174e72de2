import { scopes, type Scope } from '@paid-once/contracts';
import { addressOf, reasonOf, settingsOrExit, take } from '@paid-once/service';
import { parseArgs } from 'node:util';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { ApiKey } from './api-key.entity.js';
import { issueKey, listKeys, revokeKey } from './manage-keys.js';

/**
 * One-shot: `node dist/apps/<app>/src/keys.js issue --client NAME --scopes pay,read | list | revoke ID`, as the owner of the
 * app's database. A key that PAID_ONCE_API_KEY holds is made known; without it `issue` makes one.
 * On stdout the answer as JSON; exit 0 done, 1 refused or unreachable, 78 bad settings.
 * @param adminUrlVariable which variable holds the owner's URL
 */
export async function runKeysProgram(
  adminUrlVariable: 'PAID_ONCE_PAYMENTS_ADMIN_DB_URL' | 'PAID_ONCE_LEDGER_ADMIN_DB_URL',
): Promise<void> {
  const settings = settingsOrExit(z.object(take(adminUrlVariable, 'PAID_ONCE_API_KEY'))) as Record<
    string,
    string | undefined
  >;
  const adminUrl = settings[adminUrlVariable] ?? '';
  try {
    const database = await connected(adminUrl);
    try {
      const answer = await database.transaction((db) => done(db, settings['PAID_ONCE_API_KEY']));
      process.stdout.write(`${JSON.stringify(answer)}\n`);
    } finally {
      await database.destroy();
    }
  } catch (error) {
    process.stderr.write(`keys: ${reasonOf(error)}\n`);
    process.exitCode = 1;
  }
}

async function done(db: DataSource['manager'], key: string | undefined): Promise<unknown> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { client: { type: 'string' }, scopes: { type: 'string' } },
  });
  const [what, id = ''] = positionals;
  switch (what) {
    case 'issue':
      return issueKey(db, {
        client: values.client ?? '',
        scopes: readScopes(values.scopes ?? ''),
        ...(key !== undefined && { key }),
      });
    case 'list':
      return listKeys(db);
    case 'revoke':
      return { revoked: await revokeKey(db, id) };
    case undefined:
    default:
      throw new Error('issue, list or revoke');
  }
}

function readScopes(text: string): Scope[] {
  return z.array(z.enum(scopes)).min(1).parse(text.split(','));
}

async function connected(adminUrl: string): Promise<DataSource> {
  const database = new DataSource({
    type: 'postgres',
    url: adminUrl,
    applicationName: 'paid-once keys',
    connectTimeoutMS: 5_000,
    installExtensions: false,
    entities: [ApiKey],
    extra: { query_timeout: 10_000, statement_timeout: 9_000, options: '-c search_path=public' },
  });
  try {
    return await database.initialize();
  } catch (error) {
    throw new Error(
      `the database at ${addressOf(adminUrl)} cannot be reached as its owner: ${reasonOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
