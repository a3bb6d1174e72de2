import type { PayResult } from '@paid-once/payer';
import { InvalidArgumentError, type Command } from 'commander';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { Output } from '../output/output.js';
import { progressOf } from '../output/progress.js';
import { count, counted } from '../output/words.js';
import { addVerb, type Run } from '../verb.js';

interface PayFlags {
  json?: true;
  url?: string;
  run?: string;
  concurrency: number;
  keys: boolean;
}

export function addPay(program: Command, run: Run): void {
  addVerb(program, {
    name: 'pay',
    does: 'pay every row of a CSV, retrying until each has an answer',
    examples: [
      ['pay payments.csv', '1,000 times EUR 1, through the link that can be cut'],
      ['pay payments.csv --run rent-11', 'named: the same run again pays nobody twice'],
      ['pay payments.csv --json | jq .attempts', 'for scripts'],
    ],
  })
    .argument('<file>', 'CSV with the header src,dest,amount and optionally currency and reference')
    .option('--url <url>', 'where to pay; default: payments through the link "payment"')
    .option('--run <name>', 'keys are run/row: give a name to be able to repeat this run; default: random')
    .option('--concurrency <n>', 'payments on the way at the same time', concurrency, 8)
    .option('--no-keys', 'send no idempotency keys: a retried payment may then be paid twice')
    .action((file: string, flags: PayFlags) =>
      run(flags.json === true, async ({ out, settings, signal }) => {
        const url = flags.url ?? settings().urls.link;
        const { payFile } = await import('@paid-once/payer');
        const progress = progressOf(out, 'rows');
        try {
          const result = await payFile({
            file,
            url,
            concurrency: flags.concurrency,
            keys: flags.keys ? 'one-per-row' : 'none',
            ...(flags.run !== undefined && { run: flags.run }),
            signal,
            onProgress: ({ done, total, attempts, replayed }) =>
              progress.update(done, total, `${counted(attempts, 'attempt')} · ${count(replayed)} replayed`),
          });
          progress.end();
          return report(out, result, url);
        } finally {
          progress.end();
        }
      }),
    );
}

function report(out: Output, { summary, run, problems, interrupted }: PayResult, url: string): ExitCode {
  const { rows, accepted, replayed, refused, failed, attempts, seconds } = summary;
  const { colours } = out;
  out.result(summary);
  const paid = `${count(accepted + replayed)} of ${counted(rows, 'row')} paid in ${seconds.toFixed(1)} s`;
  const detail = `${count(accepted)} accepted, ${count(replayed)} replayed (already paid), ${counted(attempts, 'attempt')}`;
  out.say(`${refused + failed === 0 ? colours.green('✓') : colours.red('✗')} ${paid}: ${detail}`);
  out.say(`  p50 ${ms(summary.p50Ms)} · p95 ${ms(summary.p95Ms)} · p99 ${ms(summary.p99Ms)}`);
  for (const { outcome, line, detail: why } of problems) out.say(`  line ${line} ${outcome}: ${why}`);
  if (refused > 0) out.say(`${counted(refused, 'row was', 'rows were')} refused: nothing was paid for them.`);
  if (failed > 0 || interrupted) {
    if (failed > 0)
      out.say(
        `${counted(failed, 'row has', 'rows have')} no answer from ${url}: paid or not, nobody can tell yet.`,
      );
    out.say('Repeating the run with its keys is safe: what was paid is not paid again.');
    out.next(`npx paid-once pay FILE --run ${run}`);
    return exitCodes.unreachable;
  }
  out.say(`  run ${run}: repeat it with --run, and nobody is paid twice`);
  out.next('npx paid-once compare --wait');
  return refused > 0 ? exitCodes.differ : exitCodes.done;
}

const ms = (value: number): string => `${Math.round(value)} ms`;

function concurrency(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 512)
    throw new InvalidArgumentError('It is a whole number from 1 to 512.');
  return value;
}
