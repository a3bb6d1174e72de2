import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InboxRetention } from '@paid-once/inbox';
import type { DataSource } from 'typeorm';
import { setUpLedger } from '../set-up-ledger.js';
import { LedgerRig } from './ledger-rig.js';

describe('the role that forgets messages', () => {
  let rig: LedgerRig;
  let retention: DataSource;
  let name: string;
  beforeAll(async () => {
    rig = await LedgerRig.create();
    name = `${new URL(rig.setup.serviceUrl).username}_retention`;
    const retentionUrl = Object.assign(new URL(rig.setup.serviceUrl), { username: name }).href;
    await setUpLedger({ ...rig.setup, retentionUrl });
    retention = await rig.open(retentionUrl);
  }, 30_000);
  afterAll(async () => {
    await rig.admin.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
    await rig.drop();
  });

  it('can do all that a run needs', async () => {
    await rig.admin.query(
      `UPDATE inbox_window SET oldest = inbox_uuidv7_floor(now() - interval '1 h'), raised_at = now() - interval '2 min';
       INSERT INTO inbox_message (message_id, body_hash) VALUES (inbox_uuidv7_floor(now() - interval '2 h'), 'x')`,
    );
    const run = await new InboxRetention({ retentionMinutes: 60 }).run(retention);
    expect(run).toMatchObject({ removed: { messages: 1, startedAttempts: 0 } });
  });

  it.each([
    'SELECT FROM transfer',
    'DELETE FROM transfer',
    'UPDATE transfer SET amount_minor = 1',
    'TRUNCATE inbox_message',
    'UPDATE inbox_message SET body_hash = $$x$$',
    'INSERT INTO inbox_message (message_id, body_hash) VALUES (gen_random_uuid(), $$x$$)',
    'INSERT INTO inbox_window DEFAULT VALUES',
    'DELETE FROM inbox_window',
    'UPDATE inbox_window SET only_row = true',
    'SELECT FROM inbox_settings',
    'UPDATE inbox_settings SET run_id = gen_random_uuid()',
    'SELECT FROM parked_message',
    'DELETE FROM parked_message',
    'DELETE FROM parked_intervention',
    'INSERT INTO started_attempt (fingerprint, starts) VALUES ($$x$$, 1)',
    'UPDATE started_attempt SET starts = 0',
    'SELECT FROM account',
    'DELETE FROM account',
    'SELECT FROM migrations',
    'CREATE TABLE mine (id int)',
  ])('is refused %s', async (statement) => {
    await expect(retention.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });
});
