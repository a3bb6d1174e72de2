import { addressOf, reasonOf, settingsOrExit, take } from '@paid-once/service';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { setUpLedger } from './set-up-ledger.js';

/**
 * One-shot: `node dist/apps/ledger/src/setup.js [--run-id UUID]`. Safe to repeat.
 * Exit 0 done, 1 refused or unreachable, 78 bad settings.
 */
const settings = settingsOrExit(
  z.object(
    take(
      'PAID_ONCE_LEDGER_ADMIN_DB_URL',
      'PAID_ONCE_LEDGER_DB_URL',
      'PAID_ONCE_LEDGER_RETENTION_DB_URL',
      'PAID_ONCE_LAB',
      'PAID_ONCE_RUN_ID',
      'PAID_ONCE_RELAY_LEDGER_KEY',
      'PAID_ONCE_SHARDS',
    ),
  ),
);
const adminUrl = settings.PAID_ONCE_LEDGER_ADMIN_DB_URL;

try {
  const { values } = parseArgs({ options: { 'run-id': { type: 'string' } } });
  const { runId, shards } = await setUpLedger({
    adminUrl,
    serviceUrl: settings.PAID_ONCE_LEDGER_DB_URL,
    retentionUrl: settings.PAID_ONCE_LEDGER_RETENTION_DB_URL,
    lab: settings.PAID_ONCE_LAB,
    runId: values['run-id'] ?? settings.PAID_ONCE_RUN_ID,
    shards: settings.PAID_ONCE_SHARDS,
    relayKey: settings.PAID_ONCE_RELAY_LEDGER_KEY,
  });
  process.stdout.write(
    `the ledger's database at ${addressOf(adminUrl)} is set up: run ${runId}, ${shards} shards\n`,
  );
} catch (error) {
  const causes = error instanceof Error && error.cause ? [error, error.cause] : [error];
  process.stderr.write(`ledger setup: ${causes.map(reasonOf).join(': ')}\n`);
  process.exitCode = 1;
}
