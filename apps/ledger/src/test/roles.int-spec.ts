import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answersTo, doorsOf, forbidden, privilegesOf } from '../../../../test/support/privileges.js';
import { LedgerRig } from './ledger-rig.js';

describe("in the ledger's database", () => {
  let rig: LedgerRig;
  beforeAll(async () => {
    rig = await LedgerRig.create();
  });
  afterAll(() => rig.drop());

  it('S4: the ledger may add transfers, move accounts and park, and can take no transfer back', async () => {
    expect(await privilegesOf(rig.setup.adminUrl, new URL(rig.setup.serviceUrl).username)).toEqual({
      account: 'SELECT INSERT UPDATE(debits_posted,credits_posted)',
      api_key: 'SELECT',
      inbox_message: 'SELECT INSERT',
      inbox_settings: 'SELECT',
      inbox_window: 'SELECT',
      parked_history: 'SELECT INSERT',
      parked_intervention: 'SELECT INSERT UPDATE(messages,finished_at)',
      parked_message:
        'SELECT INSERT UPDATE(attempts,first_seen_at,last_seen_at,dropped_at,dropped_by,dropped_why) DELETE',
      started_attempt: 'SELECT INSERT UPDATE DELETE',
      transfer:
        'SELECT INSERT(payment_id,kind,debit_account,credit_account,amount_minor,currency,reference,message_id,shard)',
      transfer_link: 'SELECT',
    });
  });

  it('S4: the ledger is refused whatever would undo that, also what no right is listed for', async () => {
    const statements = [
      ...forbidden('transfer'),
      'UPDATE transfer SET amount_minor = 1',
      'DELETE FROM transfer',
      "INSERT INTO transfer_link (shard, seq, transfers, hash) VALUES (0, 1, 1, '')",
      'DELETE FROM transfer_link',
      'DELETE FROM inbox_message',
      "SELECT setval('transfer_id_seq', 1)",
      'UPDATE inbox_settings SET shards = 1',
    ];
    expect(await answersTo(rig.setup.serviceUrl, statements)).toEqual(
      Object.fromEntries(statements.map((statement) => [statement, '42501'])),
    );
  });

  it('S4: a stranger on the same server does not even get in, and the ledger has 64 connections at most', async () => {
    const { username } = new URL(rig.setup.serviceUrl);
    expect(await doorsOf(rig.setup.adminUrl, [username])).toEqual({ strangerMay: '', limits: [64] });
  });
});
