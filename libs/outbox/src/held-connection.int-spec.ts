import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { postgresOptions, sqlState } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { HeldConnection } from './held-connection.js';
import { relaySession } from './index.js';

jest.setTimeout(30_000);

/** The server gives up a sixth of it earlier: half a second, in which a busy machine can tell so. */
const timeoutMs = 3_000;

let database: DataSource;
let connection: HeldConnection;
beforeAll(async () => {
  const url = process.env['TEST_PAYMENTS_ADMIN_URL'] ?? '';
  const options = postgresOptions({ url, process: 'relay', poolSize: 1, entities: [], timeoutMs });
  database = await new DataSource(relaySession(options)).initialize();
  connection = await HeldConnection.open(database);
});
afterAll(async () => {
  await connection.giveBack();
  await database.destroy();
});

const forEver = 'SELECT pg_sleep(3600)';
const queryCanceled = '57014';

it('the server ends a statement of a relay before its client gives up, so none is left behind', async () => {
  expect(sqlState(await connection.query(forEver).catch((error: unknown) => error))).toBe(queryCanceled);
});

it('what may have to look at a whole backlog is given more time, and nothing after it is', async () => {
  expect(await connection.queryPatiently('SELECT pg_sleep(2.8), 1 AS answer', [])).toMatchObject([
    { answer: 1 },
  ]);
  expect(sqlState(await connection.query(forEver).catch((error: unknown) => error))).toBe(queryCanceled);
});
