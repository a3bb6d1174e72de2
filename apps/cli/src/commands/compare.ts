import type { Comparison } from '@paid-once/compare';
import { InvalidArgumentError, type Command } from 'commander';
import { currentChapter } from '../chapters.js';
import { compareUntilAgreed, type CompareUntilAgreed } from '../compare-until-agreed.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { isUndecided, showComparison } from '../output/compare-view.js';
import { waitingLine } from '../output/progress.js';
import { age, counted } from '../output/words.js';
import { repairLedgers, type Repaired } from '../repair/repair-ledgers.js';
import { repairSentences } from '../repair/repair-view.js';
import { BreakReport } from '../report/break-report.js';
import { formatOf } from '../report/report-formats.js';
import { requesterOf, saidBy, saidWhy } from '../requester.js';
import { addVerb, type Context, type Run } from '../verb.js';
import { sideOf } from '../side-of.js';
import { chainHeads, headsLine } from '../chain.js';

interface CompareFlags {
  json?: true;
  wait?: true;
  repair?: true;
  timeout?: number;
  olderThan?: number;
  report?: string;
  by?: string;
  why?: string;
}

/** In seconds. */
const usualTimeout = 60;

export function addCompare(program: Command, run: Run): void {
  addVerb(program, {
    name: 'compare',
    does: 'compare both ledgers row by row: exit 0 if they agree, 1 if they differ',
    examples: [
      ['compare', 'as they are now, with what stands between them'],
      ['compare --wait', 'until they agree, for up to a minute'],
      ['compare --repair', 'publish again what is missing, retry what is parked, compare again'],
      ['compare --older-than 30 --json', 'for scripts, while payments flow'],
      ['compare --report breaks.csv', 'every break in a file: .csv, .json or .ndjson'],
    ],
  })
    .option('--wait', 'repeat until they agree; what is missing is proven by markers')
    .option('--repair', 'publish again what is missing, retry what is parked, and compare again')
    .option('--timeout <seconds>', `with --wait or --repair, how long; default: ${usualTimeout}`, seconds)
    .option('--older-than <seconds>', 'only what was accepted longer ago than that', seconds)
    .option('--report <file>', 'write every break to a file: .csv, .json or .ndjson', reportFile)
    .option('--by <name>', 'with --repair, who does it; default: who is logged in here', saidBy)
    .option(
      '--why <text>',
      'with --repair, the reason that is written down; default: compare --repair',
      saidWhy,
    )
    .action((flags: CompareFlags) => run(flags.json === true, (context) => compareLedgers(context, flags)));
}

async function compareLedgers(context: Context, flags: CompareFlags): Promise<ExitCode> {
  refuseFlagsWithoutUse(flags);
  const { out, settings, signal } = context;
  const { urls } = settings();
  const report = reportTo(flags.report);
  const waiting = waitingLine(out);
  try {
    const bound =
      flags.olderThan === undefined
        ? undefined
        : await sideOf('payments', urls.payments, signal).bound(flags.olderThan);
    const options: CompareUntilAgreed & { signal: AbortSignal } = {
      payments: urls.payments,
      ledger: urls.ledger,
      timeoutMs: flags.wait || flags.repair ? timeoutOf(flags) * 1_000 : 0,
      onWaiting: (what) => waiting.show(what),
      olderThan: bound?.olderThan,
      breaks: report,
      signal,
    };
    const { comparison, repaired } = await outcomeOf(context, flags, options).finally(() => waiting.end());
    // What the comparison found is told all the same.
    const unwritten = await report?.finish().catch((error: unknown) => error);
    const chain = await chainHeads(urls.ledger, signal).catch(() => undefined); // of a version before it has none
    out.result({
      ...comparison,
      ...(chain && { heads: chain.heads }),
      ...(bound && { olderThan: bound.at }),
      ...(repaired && { repair: repaired }),
      ...(report && !unwritten && { report: flags.report, rows: report.rows }),
    });
    if (bound) out.say(`What was accepted before ${bound.at}, by the payments database’s clock:`);
    if (repaired) for (const line of repairSentences(repaired, comparison)) out.say(line);
    showComparison(out, comparison);
    if (chain && chain.heads.length > 0) out.say(`The ledger's chain stands at ${headsLine(chain.heads)}.`);
    if (unwritten) throw unwritten;
    if (report) out.say(`${counted(report.rows, 'break')} written to ${flags.report}.`);
    return await concluded(context, flags, comparison);
  } finally {
    await report?.discard();
  }
}

async function outcomeOf(
  { settings, signal }: Context,
  flags: CompareFlags,
  options: CompareUntilAgreed & { signal: AbortSignal },
): Promise<{ comparison: Comparison; repaired?: Repaired }> {
  if (!flags.wait && !flags.repair) return { comparison: await compareUntilAgreed(options) };
  // The ledger of chapters 1 to 3 ignores markers. Where no chapter can be asked for, they are simply tried.
  const now = await currentChapter(settings().urls.payments, signal).catch(() => undefined);
  const marked = { ...options, sendMarkers: now === undefined || now.chapter === 4 };
  if (flags.repair)
    return repairLedgers({ ...marked, who: requesterOf({ ...flags, why: flags.why ?? 'compare --repair' }) });
  return { comparison: await compareUntilAgreed(marked) };
}

async function concluded(
  { out, settings, signal }: Context,
  flags: CompareFlags,
  comparison: Comparison,
): Promise<ExitCode> {
  if (comparison.agree) {
    out.next('npx paid-once status');
    return exitCodes.done;
  }
  const { inBroker, missing, parked, deadLettered, ...breaks } = comparison.breaks;
  const now =
    inBroker.count > 0 && (await currentChapter(settings().urls.payments, signal).catch(() => undefined));
  if (now && now.chapter === 1)
    out.say('This is chapter 1, which keeps nothing to send again: what stays unposted is lost.');
  if (flags.wait || flags.repair) out.say(`They did not agree within ${age(timeoutOf(flags))}.`);
  if (missing.count > 0 && !flags.repair) out.next('npx paid-once compare --repair');
  else if (pastTheSystem.some((kind) => breaks[kind].count > 0)) {
    out.say('What to do about each: docs/runbook/ledgers-differ.md');
    out.next('npx paid-once compare --report breaks.csv');
  } else if (isUndecided(parked) || isUndecided(deadLettered)) out.next('npx paid-once dead list');
  else if (parked.count + deadLettered.count > 0) out.next('npx paid-once dead list --dropped');
  else if (flags.wait || flags.repair) out.next('npx paid-once links', 'npx paid-once heal');
  else out.next('npx paid-once compare --wait');
  return exitCodes.differ;
}

/** None of these goes away by waiting, and no command puts it right. */
const pastTheSystem = ['unexpected', 'duplicate', 'amountDiffers', 'order'] as const;

function timeoutOf({ timeout = usualTimeout }: CompareFlags): number {
  return timeout;
}

function refuseFlagsWithoutUse({ wait, repair, timeout, by, why }: CompareFlags): void {
  const unused =
    timeout !== undefined && !wait && !repair
      ? '--timeout is for --wait or --repair.'
      : (by ?? why) !== undefined && !repair
        ? '--by and --why are for --repair.'
        : undefined;
  if (unused !== undefined)
    throw new CliFailure(exitCodes.usage, unused, 'Nothing was compared.', 'npx paid-once compare --help');
}

function reportTo(file: string | undefined): BreakReport | undefined {
  const format = file === undefined ? undefined : formatOf(file);
  return file === undefined || format === undefined ? undefined : new BreakReport(file, format);
}

function reportFile(name: string): string {
  if (formatOf(name) === undefined)
    throw new InvalidArgumentError('Its name ends in .csv, .json or .ndjson: that says how it is written.');
  return name;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400)
    throw new InvalidArgumentError('It is a number of seconds, up to a day.');
  return value;
}
