import { DataSource, type MixedList } from 'typeorm';
import { ledgerMigrations } from '../../apps/ledger/src/ledger-database.js';
import { paymentsMigrations } from '../../apps/payments/src/payments-database.js';
import type { TestStack } from './test-stack.js';

/** What the databases of the first release were made by. */
const firstRelease = [
  'Outbox1790000000001',
  'Payments1790000000002',
  'CreateInbox1764000000000',
  'CreateLedger1764000001000',
];

/** Takes both databases of a running system back to the first release. @returns the migrations that are to be run again */
export async function undoNewerMigrations({ admin }: TestStack): Promise<string[]> {
  return [
    ...(await undo(admin.paymentsDb, paymentsMigrations)),
    ...(await undo(admin.ledgerDb, ledgerMigrations)),
  ];
}

async function undo(url: string, migrations: MixedList<Function>): Promise<string[]> {
  const database = await new DataSource({
    type: 'postgres',
    url,
    migrations,
    installExtensions: false,
  }).initialize();
  try {
    const undone: string[] = [];
    for (;;) {
      const [last] = await database.query<{ name: string }[]>(
        'SELECT name FROM migrations ORDER BY id DESC LIMIT 1',
      );
      if (last === undefined || firstRelease.includes(last.name)) return undone;
      await database.undoLastMigration({ transaction: 'each' });
      undone.push(last.name);
    }
  } finally {
    await database.destroy();
  }
}
