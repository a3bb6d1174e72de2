import { replaceKeys } from '@paid-once/credentials';
import { setUpDatabase } from '@paid-once/service';
import type { EntityManager } from 'typeorm';
import { createLabSql, dropLabSql, labRights } from './lab/lab-sql.js';
import { ledgerEntities, ledgerMigrations } from './ledger-database.js';

export interface LedgerSetup {
  /** The owner of the database. */
  adminUrl: string;
  /** As the service connects: it names the role and its password. */
  serviceUrl: string;
  /** As the retention connects, if it does. */
  retentionUrl?: string | undefined;
  lab: boolean;
  /** The run id of the payments database; may be left out once it is set. */
  runId: string | undefined;
  /** As many as the payments database has. */
  shards: number;
  /** What the relay shows when it asks the ledger; without it, the one that was set up before. */
  relayKey?: string | undefined;
}

/**
 * Makes the ledger's database what the ledger needs: tables, role, just the rights it uses, and its settings.
 * May run again, and twice at once.
 * @throws Error with a reason for people: unreachable, not permitted, or what is asked contradicts what is there
 */
export async function setUpLedger(setup: LedgerSetup): Promise<{ runId: string; shards: number }> {
  const { adminUrl, serviceUrl, retentionUrl, lab } = setup;
  if (new URL(adminUrl).username === new URL(serviceUrl).username)
    throw new Error('the ledger may not log in as the owner of its database: no right could be kept from it');
  return await setUpDatabase({
    adminUrl,
    entities: ledgerEntities,
    migrations: ledgerMigrations,
    beforeGrants: lab ? createLabSql : dropLabSql,
    roles: [
      { url: serviceUrl, grants: lab ? [...rights, ...labRights] : rights },
      ...(retentionUrl ? [{ url: retentionUrl, grants: retentionRights }] : []),
    ],
    finish: async (tx) => {
      const { relayKey: key } = setup;
      if (key !== undefined) await replaceKeys(tx, { client: 'relay', scopes: ['read'], key });
      return writeSettings(tx, setup);
    },
  });
}

// `occurrence` is not in the list of transfer: its default is all that this role can write. Links are written by a trigger.
const rights = [
  'GRANT SELECT ON transfer, transfer_link, account, inbox_message, inbox_settings, inbox_window, api_key TO ROLE',
  'GRANT INSERT ON account, inbox_message TO ROLE',
  `GRANT INSERT (payment_id, kind, debit_account, credit_account, amount_minor, currency, reference, message_id, shard)
      ON transfer TO ROLE`,
  'GRANT UPDATE (debits_posted, credits_posted) ON account TO ROLE',
  'GRANT SELECT, INSERT, DELETE ON parked_message TO ROLE',
  'GRANT UPDATE (attempts, first_seen_at, last_seen_at, dropped_at, dropped_by, dropped_why) ON parked_message TO ROLE',
  'GRANT SELECT, INSERT ON parked_intervention TO ROLE',
  'GRANT UPDATE (messages, finished_at) ON parked_intervention TO ROLE',
  'GRANT SELECT, INSERT ON parked_history TO ROLE',
  'GRANT SELECT, INSERT, UPDATE, DELETE ON started_attempt TO ROLE',
];

const retentionRights = [
  'GRANT SELECT, DELETE ON inbox_message, started_attempt, parked_history TO ROLE',
  'GRANT SELECT, UPDATE (oldest, raised_at) ON inbox_window TO ROLE',
];

async function writeSettings(tx: EntityManager, { runId, shards }: LedgerSetup) {
  const [found] = await tx.query<{ run_id: string; shards: number }[]>(
    'SELECT run_id, shards FROM inbox_settings',
  );
  if (!found) {
    if (!runId)
      throw new Error('no run id: give the one of the payments database, as PAID_ONCE_RUN_ID or --run-id');
    await tx.query('INSERT INTO inbox_settings (run_id, shards) VALUES ($1, $2)', [runId, shards]);
    return { runId, shards };
  }
  if (runId && found.run_id !== runId)
    throw new Error(
      `this ledger belongs to run ${found.run_id}, the payments to run ${runId}: it would refuse every message. One of the ` +
        'two databases was replaced, or a reset reached only one of them. Use the ledger of these payments or, where ' +
        'nothing is worth keeping, reset both again.',
    );
  if (found.shards !== shards)
    throw new Error(
      `this ledger has ${found.shards} shards, not ${shards}: that can only change while nothing is under way`,
    );
  return { runId: found.run_id, shards };
}
