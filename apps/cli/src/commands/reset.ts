import type { Command } from 'commander';
import { z } from 'zod';
import { CliFailure } from '../failure.js';
import { exitCodes } from '../exit-codes.js';
import { tellIfSlow } from '../output/progress.js';
import { counted, money } from '../output/words.js';
import { call } from '../services.js';
import { addVerb, type Run } from '../verb.js';
import { sideOf } from '../side-of.js';

export function addReset(program: Command, run: Run): void {
  addVerb(program, {
    name: 'reset',
    does: 'delete all payments on both sides (lab mode)',
    examples: [
      ['reset', 'says what would be deleted, deletes nothing'],
      ['reset --yes', 'between two exercises'],
    ],
  })
    .option('--yes', 'really delete')
    .action((flags: { json?: true; yes?: true }) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const { urls } = settings();
        const accepted = await tellIfSlow(
          out,
          'payments to add up what it has: of millions that takes half a minute',
          sideOf('payments', urls.payments, signal).stats(),
        );
        const what = `${counted(accepted.count, 'payment')} (${money(accepted.totals)}), with their outbox, messages and transfers`;
        if (!flags.yes)
          throw new CliFailure(
            exitCodes.usage,
            `This would delete ${what}.`,
            'Nothing was deleted.',
            'npx paid-once reset --yes',
          );
        await call('payments', urls.payments, { method: 'DELETE', path: '/payments', signal }, z.unknown());
        out.result({ deleted: { count: accepted.count, totals: accepted.totals } });
        out.say(`Deleted ${what}. Both ledgers are empty.`);
        out.next('npx paid-once pay payments.csv');
        return exitCodes.done;
      }),
    );
}
