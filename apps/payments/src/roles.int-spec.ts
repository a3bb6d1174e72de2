import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answersTo, doorsOf, forbidden, privilegesOf } from '../../../test/support/privileges.js';
import { PaymentsDatabase } from '../test/payments-app.js';

describe('in the payments database', () => {
  let database: PaymentsDatabase;
  beforeAll(async () => {
    database = await PaymentsDatabase.create();
  });
  afterAll(() => database.drop());

  it('S4: payments may add payments and outbox rows, ask for interventions, and change nothing that was written', async () => {
    expect(await privilegesOf(database.urls.admin, `payments_${database.name}`)).toEqual({
      api_key: 'SELECT',
      outbox_dead_letter: 'SELECT UPDATE(dropped_at,dropped_by,dropped_why)',
      outbox_intervention: 'SELECT INSERT',
      outbox_marker: 'SELECT INSERT',
      outbox_message: 'SELECT INSERT',
      outbox_progress: 'SELECT',
      outbox_settings: 'SELECT',
      payment_event: 'SELECT INSERT',
    });
  });

  it('S4: the relay may read the outbox and write its progress, and sees no payment', async () => {
    expect(await privilegesOf(database.urls.admin, `relay_${database.name}`)).toEqual({
      api_key: 'SELECT',
      outbox_dead_letter: 'SELECT INSERT UPDATE(reason,detail) DELETE',
      outbox_intervention: 'SELECT INSERT UPDATE',
      outbox_marker: 'SELECT INSERT UPDATE',
      outbox_message: 'SELECT',
      outbox_progress: 'SELECT INSERT',
      outbox_settings: 'SELECT',
    });
  });

  it.each([
    [
      'payments',
      [
        'UPDATE payment_event SET amount_minor = 1',
        'DELETE FROM payment_event',
        'DELETE FROM outbox_message',
      ],
    ],
    ['relay', ['SELECT FROM payment_event', 'DELETE FROM outbox_message', 'DELETE FROM outbox_progress']],
  ] as const)(
    'S4: %s is refused whatever would undo that, also what no right is listed for',
    async (role, more) => {
      const statements = [...forbidden('outbox_message'), ...more, 'UPDATE outbox_settings SET shards = 1'];
      expect(await answersTo(database.urls[role], statements)).toEqual(
        Object.fromEntries(statements.map((statement) => [statement, '42501'])),
      );
    },
  );

  it('S4: a stranger on the same server does not even get in, and each of ours has 64 connections at most', async () => {
    const roles = [`payments_${database.name}`, `relay_${database.name}`];
    expect(await doorsOf(database.urls.admin, roles)).toEqual({ strangerMay: '', limits: [64, 64] });
  });

  it('S4: their passwords are kept as SCRAM verifiers, and each is bounded in time', async () => {
    const rows = await database.rows(
      `SELECT rolpassword LIKE 'SCRAM-SHA-256$%' AS scram, setconfig::text[] AS settings
         FROM pg_authid JOIN pg_db_role_setting ON setrole = pg_authid.oid
        WHERE rolname IN ($1, $2)`,
      [`payments_${database.name}`, `relay_${database.name}`],
    );
    expect(rows).toHaveLength(2);
    for (const { scram, settings } of rows) {
      expect(scram).toBe(true);
      for (const name of [
        'statement_timeout',
        'lock_timeout',
        'idle_in_transaction_session_timeout',
        'search_path',
      ])
        expect(String(settings)).toContain(`${name}=`);
    }
  });
});
