import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { addVerb, type Run } from '../verb.js';

export function addSetup(program: Command, run: Run): void {
  addVerb(program, {
    name: 'setup',
    does: 'make tables, roles, queues and links; safe to repeat',
    examples: [
      ['setup', 'with the PAID_ONCE_… settings of this environment'],
      ['setup --json', 'for scripts'],
    ],
  })
    .addHelpText(
      'after',
      `
After a restore of the payments database into another server it rebases the outbox, and says so (--json: "rebased").
Settings: PAID_ONCE_PAYMENTS_ADMIN_DB_URL, PAID_ONCE_LEDGER_ADMIN_DB_URL and PAID_ONCE_BROKER_ADMIN_URL (administrators),
PAID_ONCE_PAYMENTS_DB_URL, PAID_ONCE_RELAY_DB_URL, PAID_ONCE_LEDGER_DB_URL, PAID_ONCE_RELAY_AMQP_URL and
PAID_ONCE_LEDGER_AMQP_URL (what the services will use: their roles get these passwords), PAID_ONCE_RELAY_LEDGER_KEY (what the
relay shows the ledger; lab mode needs none), in lab mode (PAID_ONCE_LAB=true) PAID_ONCE_PAYMENTS_AMQP_URL too (the naive
chapter's way to RabbitMQ),
PAID_ONCE_TOXIPROXY_URL (makes the links). Each may be given as NAME_FILE. npm start does all this by itself.`,
    )
    .action((flags: { json?: true }) =>
      run(flags.json === true, async ({ out, env, signal }) => {
        const { setUpSystem } = await import('../set-up/set-up-system.js');
        const done = await setUpSystem({ env, say: (line) => out.tell(line), signal });
        out.result(done);
        out.tell(out.colours.green(`✓ set up: run ${done.runId}, ${done.shards} shards`));
        out.next('npx paid-once status');
        return exitCodes.done;
      }),
    );
}
