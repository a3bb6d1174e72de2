import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { setUpLedger } from '../set-up-ledger.js';
import { LedgerRig } from './ledger-rig.js';

describe("the ledger's database", () => {
  let rig: LedgerRig;
  let service: DataSource;
  beforeAll(async () => {
    rig = await LedgerRig.create();
    service = await rig.open();
  });
  afterAll(() => rig.drop());

  it.each([
    'UPDATE transfer SET amount_minor = 1',
    'DELETE FROM transfer',
    'TRUNCATE transfer',
    'INSERT INTO transfer (payment_id, kind, occurrence, debit_account, credit_account, amount_minor, currency, message_id, shard) SELECT gen_random_uuid(), $$payment$$, 1, $$a$$, $$b$$, 1, $$EUR$$, gen_random_uuid(), 0',
    'UPDATE account SET name = $$mallory$$',
    'DELETE FROM account',
    'DELETE FROM inbox_message',
    'UPDATE inbox_message SET body_hash = $$x$$',
    'UPDATE inbox_settings SET run_id = gen_random_uuid()',
    'UPDATE inbox_window SET oldest = gen_random_uuid()',
    'UPDATE parked_message SET body = $$x$$',
    'CREATE TABLE mine (id int)',
    'ALTER TABLE transfer DISABLE TRIGGER ALL',
    'SELECT * FROM migrations',
  ])('refuses its service %s', async (statement) => {
    await expect(service.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('makes the service commit durably and in bounded time', async () => {
    const [settings] = await service.query<unknown[]>(
      `SELECT current_setting('synchronous_commit') AS commit, current_setting('lock_timeout') AS lock`,
    );
    expect(settings).toEqual({ commit: 'on', lock: '1s' });
  });

  it('has entities that match its migrations', async () => {
    const { upQueries } = await rig.admin.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('can be set up again, and by several at once', async () => {
    const { runId, shards } = rig.setup;
    const again = await Promise.all(
      [1, 2, 3].map(() => setUpLedger({ ...rig.setup, runId: undefined as string | undefined })),
    );
    expect(again).toEqual([1, 2, 3].map(() => ({ runId, shards })));
  });

  it('keeps its run id: another one is refused with what that means', async () => {
    await expect(setUpLedger({ ...rig.setup, runId: randomUUID() })).rejects.toThrow(
      'it would refuse every message',
    );
    await expect(setUpLedger({ ...rig.setup, shards: 8 })).rejects.toThrow('this ledger has 4 shards, not 8');
    await expect(setUpLedger({ ...rig.setup, serviceUrl: rig.setup.adminUrl })).rejects.toThrow(
      'may not log in as the owner',
    );
  });

  it('can be reset in lab mode only', async () => {
    const reset = () => service.query('SELECT lab_reset($1)', [rig.setup.runId]);
    await expect(reset()).rejects.toThrow('does not exist');
    await setUpLedger({ ...rig.setup, lab: true });
    await reset();
    await setUpLedger(rig.setup);
    await expect(reset()).rejects.toThrow('does not exist');
  });
});
