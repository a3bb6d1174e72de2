import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OutboxRetention } from '@paid-once/outbox';
import { postgresOptions } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { setUpPayments } from '../src/set-up-payments.js';
import { PaymentsDatabase } from './payments-app.js';

describe('the role that removes history', () => {
  let database: PaymentsDatabase;
  let retention: DataSource;
  let name: string;
  beforeAll(async () => {
    database = await PaymentsDatabase.create();
    name = `retention_${database.name}`;
    const url = Object.assign(new URL(database.urls.payments), { username: name }).href;
    await setUpPayments({ ...database.urls, retention: url }, false);
    retention = await new DataSource(
      postgresOptions({ url, process: 'test', poolSize: 1, entities: [] }),
    ).initialize();
  }, 30_000);
  afterAll(async () => {
    await retention.destroy();
    await database.rows(`DROP OWNED BY ${name}`);
    await database.rows(`DROP ROLE ${name}`);
    await database.drop();
  });

  it('can do all that a run needs', async () => {
    await database.rows(
      `INSERT INTO outbox_message (shard, xid, run_id, type, key, payload) SELECT 0, '2', run_id, 't', 'k', '' FROM outbox_settings`,
    );
    const run = await new OutboxRetention({ retentionMinutes: 0, verifiedOnly: false }).run(retention);
    expect(run?.removed).toEqual({ messages: 1, progress: 0, markers: 0 });
    await new OutboxRetention({ retentionMinutes: 0, verifiedOnly: true }).run(retention);
  });

  it.each([
    'SELECT FROM payment_event',
    'DELETE FROM payment_event',
    'UPDATE payment_event SET amount_minor = 1',
    'TRUNCATE outbox_message',
    'UPDATE outbox_message SET xid = $$3$$',
    'INSERT INTO outbox_message (shard, run_id, type, key, payload) VALUES (0, gen_random_uuid(), $$t$$, $$k$$, $$$$)',
    'UPDATE outbox_progress SET base = $$3:3:$$',
    'INSERT INTO outbox_progress (shard, seq, epoch, base, after_id) VALUES (0, 99, 0, $$3:3:$$, 0)',
    'UPDATE outbox_settings SET system_identifier = $$1$$',
    'DELETE FROM outbox_settings',
    'DELETE FROM outbox_dead_letter',
    'INSERT INTO outbox_dead_letter (id, shard, key, message_id, type, reason) VALUES (1, 0, $$k$$, gen_random_uuid(), $$t$$, $$r$$)',
    'UPDATE outbox_dead_letter SET reason = $$r$$',
    'DELETE FROM outbox_intervention',
    'UPDATE outbox_intervention SET finished_at = now()',
    'UPDATE outbox_marker SET verified_at = now()',
    'INSERT INTO outbox_marker (set_id, shard) VALUES (gen_random_uuid(), 0)',
    'SELECT FROM migrations',
    'CREATE TABLE mine (id int)',
  ])('is refused %s', async (statement) => {
    await expect(retention.query(statement)).rejects.toThrow(/permission denied|must be owner/);
  });

  it('is made only where it is asked for; setup puts a restored outbox right by itself', async () => {
    const [roles] = await database.rows(`SELECT count(*)::int FROM pg_roles WHERE rolname LIKE '%_' || $1`, [
      database.name,
    ]);
    expect(roles).toEqual({ count: 3 });
    expect(await setUpPayments(database.urls, false)).not.toHaveProperty('rebased');
    await database.rows(`UPDATE outbox_settings SET system_identifier = '42'`);
    expect(await setUpPayments(database.urls, false)).toMatchObject({ rebased: { shards: 4 } });
  });
});
