import { rebaseOutbox } from '@paid-once/outbox';
import { addressOf, reasonOf, settingsOrExit, take } from '@paid-once/service';
import { parseArgs } from 'node:util';
import { z } from 'zod';

/**
 * One-shot, after a logical restore: `node dist/apps/payments/src/rebase.js [--force]`. Progress on stderr; the last
 * line on stdout is a JSON object: {"rows","shards","systemIdentifier"}. Interrupted, it can be run again.
 * Exit 0 done, 1 refused or unreachable, 78 bad settings.
 */
const settings = settingsOrExit(z.object(take('PAID_ONCE_PAYMENTS_ADMIN_DB_URL')));
const adminUrl = settings.PAID_ONCE_PAYMENTS_ADMIN_DB_URL;
const say = (line: string) => process.stderr.write(`rebase: ${line}\n`);

try {
  const { values } = parseArgs({ options: { force: { type: 'boolean', default: false } } });
  say(
    `the outbox at ${addressOf(adminUrl)} gets transaction ids of this cluster; relays stand still until it has`,
  );
  const done = await rebaseOutbox(adminUrl, {
    force: values.force,
    onProgress: (rows) => say(`${rows} messages`),
  });
  process.stdout.write(`${JSON.stringify(done)}\n`);
} catch (error) {
  say(reasonOf(error));
  process.exitCode = 1;
}
