import type { Command } from 'commander';
import { headsLine, verifyChains } from '../chain.js';
import { exitCodes } from '../exit-codes.js';
import { progressOf } from '../output/progress.js';
import { counted } from '../output/words.js';
import { addGroup, addVerb, type Run } from '../verb.js';

export function addLedger(program: Command, run: Run): void {
  const group = addGroup(program, { name: 'ledger', does: 'what an auditor does with the ledger' });
  addVerb(group, {
    name: 'verify',
    does: 'recompute the chain of transfers, and tell whether one was changed after it was posted',
    examples: [
      ['ledger verify', 'finds a transfer that was changed, removed or added past the ledger'],
      ['ledger verify --json | jq .heads', 'write them down somewhere else: they vouch for all before them'],
    ],
  })
    .addHelpText(
      'after',
      `
Each shard's transfers are chained: a link is a SHA-256 over the link before and the transfers that were posted together.
Whoever may do everything in the database can write the whole chain anew; that shows only against heads that were written
down elsewhere. compare prints them, too.`,
    )
    .action((flags: { json?: true }) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const progress = progressOf(out, 'links');
        const { links, transfers, heads, faults } = await verifyChains(
          settings().urls.ledger,
          signal,
          (done, total) => progress.update(done, total, 'recomputed'),
        ).finally(() => progress.end());
        out.result({ whole: faults.length === 0, transfers, links, heads, faults });
        for (const { shard, link, fault } of faults)
          out.say(out.colours.red(`✗ shard ${shard}${link === null ? '' : `, link ${link}`}: ${fault}`));
        out.say(
          `${counted(transfers, 'transfer')} in ${counted(links, 'link')}. Heads: ${headsLine(heads) || 'none yet'}`,
        );
        if (faults.length === 0) {
          out.say(out.colours.green('✓ Every transfer is as it was posted.'));
          return exitCodes.done;
        }
        out.say(
          'Somebody changed the ledger past it. What it says now is not what was posted; the payments know what was paid.',
        );
        out.next('npx paid-once compare --report breaks.csv');
        return exitCodes.differ;
      }),
    );
}
