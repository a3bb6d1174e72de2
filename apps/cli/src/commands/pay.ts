import type { PayNotice, PayOptions } from '@paid-once/payer';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import type { Output } from '../output/output.js';
import { reportPaid, type PayCommand } from '../output/pay-view.js';
import { progressOf } from '../output/progress.js';
import { count, counted } from '../output/words.js';
import { apiKey } from '../credential.js';
import { addVerb, type Run } from '../verb.js';

interface PayFlags {
  json?: true;
  url?: string;
  run?: string;
  fresh?: true;
  concurrency: number;
  keys: boolean;
  journal: boolean;
  retry: boolean;
  keepAlive: boolean;
  timeLimit: number;
  skipBadRows?: true;
}

export function addPay(program: Command, run: Run): void {
  addVerb(program, {
    name: 'pay',
    does: 'pay every row of a CSV, retrying until each has an answer; killed or stopped, it goes on where it was',
    examples: [
      ['pay payments.csv', '1,000 times EUR 1, through the link that can be cut'],
      ['pay payments.csv', 'again, after Ctrl-C or kill -9: pays the rest, nobody twice'],
      ['pay payments.csv --fresh', 'leaves an unfinished run as it is, and pays everybody again'],
      ['pay payments.csv --run rent-11', 'named: the same run again pays nobody twice, ever'],
      ['pay payments.csv --no-keys --no-retry', 'at most once: what gets lost stays lost'],
      ['pay payments.csv --no-keys', 'at least once: what is retried may be paid twice'],
      [
        'pay payments.csv --skip-bad-rows',
        'pays the others when rows are bad, and tells which were not paid',
      ],
      ['pay payments.csv --json | jq .attempts', 'for scripts'],
    ],
  })
    .argument('<file>', 'CSV with the header src,dest,amount and optionally currency and reference')
    .option('--url <url>', 'where to pay; default: payments through the link "payment"', httpUrl)
    .option(
      '--run <name>',
      'names the run: keys are run/row; default: the unfinished run of this file, else a random name',
      runName,
    )
    .addOption(new Option('--fresh', 'begin a new run, and pay everybody again').conflicts('run'))
    .option('--concurrency <n>', 'payments on the way at the same time', concurrency, 8)
    .option('--no-retry', 'send each row once, whatever comes of it')
    .option(
      '--no-keep-alive',
      'each attempt on a connection of its own, so that each meets what a link does to new ones',
    )
    .addOption(
      new Option('--time-limit <duration>', 'how long a row is retried: 500ms, 120s, 5m')
        .argParser(durationMs)
        .default(120_000, '120s'),
    )
    .option(
      '--no-keys',
      'send no idempotency keys: a retried payment may then be paid twice, and nothing can go on with the run',
    )
    .option('--skip-bad-rows', 'pay the others when rows are bad; without it, nobody is paid then')
    .option('--no-journal', 'keep no journal beside the file: only --run goes on with the run')
    .action((file: string, flags: PayFlags, command: Command) => {
      if (!flags.retry && command.getOptionValueSource('timeLimit') === 'cli')
        command.error("error: option '--time-limit <duration>' cannot be used with option '--no-retry'");
      return run(flags.json === true, async ({ out, settings, signal }) => {
        const url = flags.url ?? settings().urls.link;
        const { keys, journal, retry } = flags;
        const asked: PayCommand = { file, url, givenUrl: flags.url, keys, journal, retry };
        const progress = progressOf(out, 'rows');
        try {
          const result = await pay({
            file,
            url,
            apiKey: apiKey(),
            signal,
            ...payOptions(flags),
            onNotice: (notice) => out.tell(told(notice, out)),
            onProgress: ({ done, total, attempts, replayed }) =>
              progress.update(done, total, `${counted(attempts, 'attempt')} · ${count(replayed)} replayed`),
          });
          progress.end();
          return reportPaid(out, result, asked);
        } finally {
          progress.end();
        }
      });
    });
}

function payOptions(flags: PayFlags): Partial<PayOptions> {
  return {
    concurrency: flags.concurrency,
    keys: flags.keys ? 'one-per-row' : 'none',
    journal: flags.journal && 'beside-file',
    fresh: flags.fresh === true,
    retry: flags.retry && { limitMs: flags.timeLimit },
    keepAlive: flags.keepAlive,
    badRows: flags.skipBadRows ? 'skip' : 'stop',
    ...(flags.run !== undefined && { run: flags.run }),
  };
}

/** @throws CliFailure for what a user can set right: then nothing was paid */
async function pay(options: PayOptions) {
  const { BadPaymentsFile, JournalRefused, payFile } = await import('@paid-once/payer');
  try {
    return await payFile(options);
  } catch (error) {
    const refused = (happened: string, ...next: string[]) =>
      new CliFailure(exitCodes.usage, happened, 'Nothing was paid.', next.join('\n'));
    if (error instanceof BadPaymentsFile) throw new CliFailure(exitCodes.usage, error.message, '', '');
    if (error instanceof JournalRefused)
      throw refused(
        error.message,
        error.canGoOn
          ? `--run ${error.run} goes on with it: who is paid is not paid again. --fresh begins a new run and pays everybody again.`
          : 'Another --run NAME, or none, begins a new run and pays everybody.',
      );
    if (isFileError(error)) throw refused(error.message, `Can ${error.path} be read?`);
    throw error;
  }
}

function isFileError(error: unknown): error is Error & { path: string } {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'path' in error;
}

function told(notice: PayNotice, { colours }: Output): string {
  switch (notice.kind) {
    case 'continued': {
      const { run, done, total, asked } = notice;
      const rows = `${count(done)} of ${counted(total, 'row')} done`;
      if (asked) return `Going on with run ${run}: ${rows}.`;
      return `An unfinished run of this file was found (run ${run}, ${rows}): going on with it. --fresh begins a new one and pays everybody again.`;
    }
    case 'changed':
      return colours.red(
        'The file was changed while it was paid: what was added is not paid, and what was changed may have been paid as it was or as it is. GET /payments tells what was; see to it before you pay this file again.',
      );
    case 'forgotten':
      return colours.red(
        `Payments accepted a row as new that it had accepted before: it was reset, or it is another one. Every row of run ${notice.run} is paid there.`,
      );
    case 'no-journal':
      return `No journal can be kept beside the file (${notice.reason}): should this payer be killed, repeat with --run ${notice.run}, and nobody is paid twice.`;
    case 'still-paid':
      return `Run ${notice.run} of this file is being paid by process ${notice.pid}: this is a run of its own, and pays everybody too.`;
    case 'set-aside':
      return `Unfinished run ${notice.run} was set aside: only --run ${notice.run} goes on with it.`;
    default:
      return notice satisfies never;
  }
}

function concurrency(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 512)
    throw new InvalidArgumentError('It is a whole number from 1 to 512.');
  return value;
}

function runName(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(text))
    throw new InvalidArgumentError('It is 1 to 100 letters, digits, points, _ or -.');
  return text;
}

function httpUrl(text: string): string {
  if (!/^https?:\/\/[^/]/.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('It is an address like http://127.0.0.1:8888.');
  return text.replace(/\/+$/, '');
}

const unitMs = { ms: 1, s: 1_000, m: 60_000 };
const longestMs = 86_400_000;

/** In milliseconds. */
function durationMs(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const value = Number(number) * (unitMs[unit as keyof typeof unitMs] ?? Number.NaN);
  if (!(value > 0 && value <= longestMs))
    throw new InvalidArgumentError('It is a time like 500ms, 120s or 5m, up to a day.');
  return value;
}
