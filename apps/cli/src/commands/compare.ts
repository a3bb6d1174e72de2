import { InvalidArgumentError, type Command } from 'commander';
import { currentChapter } from '../chapters.js';
import { compareUntilAgreed } from '../compare-until-agreed.js';
import { exitCodes } from '../exit-codes.js';
import { showComparison } from '../output/compare-view.js';
import { waitingLine } from '../output/progress.js';
import { age } from '../output/words.js';
import { addVerb, type Run } from '../verb.js';

interface CompareFlags {
  json?: true;
  wait?: true;
  timeout: number;
}

export function addCompare(program: Command, run: Run): void {
  addVerb(program, {
    name: 'compare',
    does: 'compare both ledgers row by row: exit 0 if they agree, 1 if they differ',
    examples: [
      ['compare', 'as they are now, with what stands between them'],
      ['compare --wait', 'until they agree, for up to a minute'],
      ['compare --wait --timeout 10 --json', 'for scripts'],
    ],
  })
    .option('--wait', 'repeat until they agree')
    .option('--timeout <seconds>', 'how long to wait', seconds, 60)
    .action((flags: CompareFlags) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const { urls } = settings();
        const waiting = waitingLine(out);
        const comparison = await compareUntilAgreed({
          payments: urls.payments,
          ledger: urls.ledger,
          timeoutMs: flags.wait ? flags.timeout * 1_000 : 0,
          onWaiting: (what) => waiting.show(what),
          signal,
        }).finally(() => waiting.end());
        out.result(comparison);
        showComparison(out, comparison);
        if (comparison.agree) {
          out.next('npx paid-once status');
          return exitCodes.done;
        }
        const inBroker = comparison.breaks.inBroker.count > 0;
        const now = inBroker && (await currentChapter(urls.payments, signal).catch(() => undefined));
        if (now && now.chapter === 1)
          out.say('This is chapter 1, which keeps nothing to send again: what stays unposted is lost.');
        if (flags.wait) out.say(`They did not agree within ${age(flags.timeout)}.`);
        out.next(
          ...(flags.wait ? ['npx paid-once links', 'npx paid-once heal'] : ['npx paid-once compare --wait']),
        );
        return exitCodes.differ;
      }),
    );
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400)
    throw new InvalidArgumentError('It is a number of seconds, up to a day.');
  return value;
}
