import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { rebaseOutbox } from '../set-up/rebase-outbox.js';
import { addGroup, addVerb, type Run } from '../verb.js';

export function addOutbox(program: Command, run: Run): void {
  const group = addGroup(program, { name: 'outbox', does: 'what an administrator does with the outbox' });
  addVerb(group, {
    name: 'rebase',
    does: 'let the relay start anew after the payments database was restored from a dump',
    examples: [
      ['outbox rebase', 'with the PAID_ONCE_… settings of setup; safe to repeat'],
      ['outbox rebase --json', 'for scripts'],
    ],
  })
    .option('--force', 'also where nothing was restored: the whole history is published again')
    .addHelpText(
      'after',
      `
When: the relay says "(paid-once outbox rebase)" and publishes nothing, because its progress was recorded on another
server. Everything in the outbox is published again; the ledger's inbox knows what it has posted. Setup does the same by
itself when it finds a restored database.
Settings: PAID_ONCE_PAYMENTS_ADMIN_DB_URL (the owner of the database).`,
    )
    .action((flags: { json?: true; force?: true }) =>
      run(flags.json === true, async ({ out, env, signal }) => {
        const done = await rebaseOutbox({
          env,
          force: flags.force === true,
          say: (line) => out.note(line),
          signal,
        });
        out.result(done);
        out.say(out.colours.green('✓ The outbox belongs to this server: the relay goes on within seconds.'));
        for (const [name, value] of Object.entries(done)) out.say(`  ${name}: ${String(value)}`);
        out.say('What was published before is published again, and not posted again.');
        out.next('npx paid-once compare --wait');
        return exitCodes.done;
      }),
    );
}
