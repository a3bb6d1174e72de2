import { rebaseIfRestored, type Rebased } from '@paid-once/outbox';
import { setUpDatabase } from '@paid-once/service';
import { createLabChapterSql, dropLabChapterSql, labChapterRight } from './lab/chapters/lab-chapter-sql.js';
import { createLabResetSql, dropLabResetSql } from './lab/lab-reset-sql.js';
import { paymentsEntities, paymentsMigrations } from './payments-database.js';

/**
 * Makes the payments database what payments and the relay need: tables, roles, and just the rights that each uses.
 * @param urls the owner's, and those the services and the retention log in with: they name the roles and their passwords
 * After a restore into another cluster it rebases the outbox, so that relays may go on.
 * @returns what the ledger's side and the broker must agree with
 */
export async function setUpPayments(
  urls: { admin: string; payments: string; relay: string; retention?: string | undefined },
  lab: boolean,
): Promise<{ runId: string; shards: number; rebased?: Rebased }> {
  const agreed = await setUpDatabase({
    adminUrl: urls.admin,
    entities: paymentsEntities,
    migrations: paymentsMigrations,
    beforeGrants: lab ? [createLabResetSql, createLabChapterSql] : [dropLabResetSql, dropLabChapterSql],
    roles: [
      {
        url: urls.payments,
        grants: [
          'GRANT SELECT, INSERT ON payment_event, outbox_message TO ROLE',
          'GRANT SELECT ON outbox_settings, outbox_progress, outbox_dead_letter, api_key TO ROLE',
          'GRANT SELECT, INSERT ON outbox_marker, outbox_intervention TO ROLE',
          'GRANT UPDATE (dropped_at, dropped_by, dropped_why) ON outbox_dead_letter TO ROLE',
          ...(lab ? ['GRANT EXECUTE ON FUNCTION lab_reset() TO ROLE', labChapterRight] : []),
        ],
      },
      {
        url: urls.relay,
        grants: [
          'GRANT SELECT ON outbox_message, outbox_settings, outbox_progress, outbox_dead_letter, api_key TO ROLE',
          'GRANT INSERT ON outbox_progress, outbox_dead_letter TO ROLE',
          'GRANT SELECT, INSERT, UPDATE ON outbox_marker, outbox_intervention TO ROLE',
          'GRANT DELETE, UPDATE (reason, detail) ON outbox_dead_letter TO ROLE',
        ],
      },
      ...(urls.retention
        ? [
            {
              url: urls.retention,
              grants: [
                'GRANT SELECT, DELETE ON outbox_message, outbox_progress, outbox_marker TO ROLE',
                'GRANT SELECT ON outbox_settings, outbox_dead_letter, outbox_intervention TO ROLE',
              ],
            },
          ]
        : []),
    ],
    finish: async (tx) => {
      const [row] = await tx.query<{ run_id: string; shards: number }[]>(
        'SELECT run_id, shards FROM outbox_settings',
      );
      if (!row) throw new Error('Bug: the outbox has no settings after its migration');
      return { runId: row.run_id, shards: row.shards };
    },
  });
  const rebased = await rebaseIfRestored(urls.admin);
  return { ...agreed, ...(rebased && { rebased }) };
}
