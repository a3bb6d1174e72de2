import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { setUpLedger } from '../../set-up-ledger.js';
import { LedgerRig } from '../../test/ledger-rig.js';

const insertWithOccurrence =
  'INSERT INTO transfer (payment_id, kind, occurrence, debit_account, credit_account, amount_minor, currency, message_id, shard)' +
  " SELECT gen_random_uuid(), 'payment', 1, 'a', 'b', 1, 'EUR', gen_random_uuid(), 0";
const made = `SELECT to_regclass('lab_chapter') AS "table", (SELECT count(*)::int FROM pg_proc WHERE proname LIKE 'lab\\_%') AS functions`;

describe('what setup makes for the chapters', () => {
  let rig: LedgerRig;
  let service: DataSource;
  beforeAll(async () => {
    rig = await LedgerRig.create({ lab: true });
    service = await rig.open();
  });
  afterAll(() => rig.drop());

  it('is chapter 4 until another is put in force, which a further setup keeps', async () => {
    expect(await service.query('SELECT chapter FROM lab_chapter')).toEqual([{ chapter: 4 }]);
    await service.query('UPDATE lab_chapter SET chapter = 2');
    await setUpLedger(rig.setup);
    expect(await service.query('SELECT chapter FROM lab_chapter')).toEqual([{ chapter: 2 }]);
  });

  it.each([
    insertWithOccurrence,
    'DELETE FROM lab_chapter',
    'INSERT INTO lab_chapter DEFAULT VALUES',
    'UPDATE lab_chapter SET only_row = false',
    'DROP FUNCTION lab_post',
  ])('gives the service no right to %s', async (statement) => {
    await expect(service.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('refuses a chapter that does not exist', async () => {
    await expect(service.query('UPDATE lab_chapter SET chapter = 5')).rejects.toThrow('chapter_is_known');
  });

  it('leaves the schema that the entities describe', async () => {
    const { upQueries } = await rig.admin.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('is gone after a setup outside lab mode, and the right to write an occurrence is still missing', async () => {
    expect(await rig.admin.query(made)).toEqual([{ table: 'lab_chapter', functions: 2 }]);
    await setUpLedger({ ...rig.setup, lab: false });
    expect(await rig.admin.query(made)).toEqual([{ table: null, functions: 0 }]);
    await expect(service.query(insertWithOccurrence)).rejects.toThrow('permission denied');
  });
});
