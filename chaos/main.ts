// `npm run chaos`: breaks a system of its own in whatever way a seed says, and judges by history and both databases.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { packs, type Pack } from './fault.js';
import { inWords } from './nemesis.js';
import { exitCodeOf, reportLines, resultOf, sumOf, type Result } from './report.js';
import type { Verdict } from './checker/check.js';
import { judgeAgain, runChaos } from './run.js';
import { makeSchedule, readSchedule, type Schedule } from './schedule.js';

interface Options {
  seed?: number;
  seconds: number;
  runs: number;
  pack: Pack;
  schedule?: string;
  plan: boolean;
  judge?: string;
  json: boolean;
}

const checkout = join(import.meta.dirname, '../..');

await new Command('chaos')
  .description(
    'Breaks a throw-away system with two of each process, and proves that no payment is lost or made twice.',
  )
  .option('--seed <number>', 'what chance is drawn from; default: the commit and the day', wholeNumber)
  .option('--seconds <number>', 'how long it is broken', wholeNumber, 60)
  .option('--pack <name>', `one of: ${packs.join(', ')}`, readPack, 'all' as Pack)
  .option('--schedule <file>', 'run what an earlier run has written down, instead of drawing')
  .option('--runs <number>', 'one after the other: with the next seeds, or the schedule again', atLeastOne, 1)
  .option('--plan', 'only print what would be done', false)
  .option('--judge <directory>', 'judge once more what an earlier run has kept')
  .option('--json', 'print the verdict as one object, on the last line', false)
  .addHelpText(
    'after',
    `
Everything runs on this machine, on servers and ports of its own, and is gone afterwards; below chaos/results/ stay schedule,
history, evidence, logs and verdict, and the servers' data unless the run passed. docs/testing.md says how to read them.

Examples:
  npm run chaos                                          a minute of everything
  npm run -s chaos -- --seed 7 --seconds 60 --json       the same faults and requests each time
  npm run chaos -- --pack net --seconds 180              three minutes of broken links
  npm run chaos -- --runs 14 --seconds 180               fourteen seeds
  npm run chaos -- --schedule chaos/results/…/schedule.json --runs 10   again: how many of ten fail?

Exit codes: 0 pass, 1 fail, 2 wrong usage, 3 inconclusive, 4 the run itself broke.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync();

async function run(options: Options): Promise<void> {
  if (options.judge !== undefined) {
    const { verdict } = report(judgeAgain(options.judge), options.judge, options.json);
    process.exitCode = exitCodeOf[verdict];
    return;
  }
  const results: (Result | undefined)[] = [];
  for (let number = 0; number < options.runs; number++) {
    const schedule = scheduleFor(options, number);
    sayPlan(schedule);
    if (!options.plan) results.push(await runOnce(schedule, options.json));
  }
  const sum = sumOf(results);
  process.exitCode = exitCodeOf[sum.verdict];
  if (results.length < 2) return;
  const { runs, passed, failed, inconclusive, broke } = sum;
  say(
    `${sum.verdict.toUpperCase()}: of ${runs} runs ${passed} passed, ${failed} failed, ${inconclusive} inconclusive, ${broke} broke`,
  );
  if (options.json) console.log(JSON.stringify(sum));
}

function sayPlan({ seed, pack, seconds, steps }: Schedule): void {
  say(`seed ${seed}, pack ${pack}, ${seconds} s, ${steps.length} faults:`);
  for (const step of steps)
    say(
      `${(step.atMs / 1_000).toFixed(1).padStart(6)} s  ${inWords(step)}${step.lastsMs > 0 ? `, ${step.lastsMs / 1_000} s` : ''}`,
    );
}

/** @returns undefined: it broke, which is no verdict */
async function runOnce(schedule: Schedule, json: boolean): Promise<Result | undefined> {
  const directory = join(
    checkout,
    'chaos/results',
    `${new Date().toISOString().slice(0, 19).replaceAll(':', '')}-${schedule.pack}-${schedule.seed}`,
  );
  try {
    const verdict = await runChaos(schedule, directory, say);
    return report({ schedule, verdict }, directory, json);
  } catch (error) {
    say(`The run itself broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    say(again(directory));
    return undefined;
  }
}

function report(
  { schedule, verdict }: { schedule: Schedule; verdict: Verdict },
  directory: string,
  json: boolean,
): Result {
  for (const line of reportLines(verdict)) say(line);
  say(`${verdict.verdict.toUpperCase()}: seed ${schedule.seed}, commit ${commit()}`);
  if (verdict.verdict !== 'pass') say(again(directory));
  const result = resultOf(schedule, verdict, directory);
  if (json) console.log(JSON.stringify(result));
  return result;
}

function scheduleFor({ schedule, seed, seconds, pack }: Options, number: number): Schedule {
  if (schedule !== undefined) return readSchedule(readFileSync(schedule, 'utf8'));
  return makeSchedule({ seed: (seed ?? seedOfToday()) + number, seconds, pack });
}

/** Another one with each commit and each day. */
function seedOfToday(): number {
  const day = Math.floor(Date.now() / 86_400_000);
  return (Number.parseInt(commit(), 16) + day) % 2 ** 31 || day;
}

function commit(): string {
  try {
    return execFileSync('git', ['-C', checkout, 'rev-parse', '--short=8', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

function again(directory: string): string {
  return `All of it is kept in ${directory}. Again: npm run chaos -- --schedule ${join(directory, 'schedule.json')}`;
}

/** What stands on stdout is the verdict. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value > 2 ** 31) throw new InvalidArgumentError('It is a whole number.');
  return value;
}

function atLeastOne(text: string): number {
  const value = wholeNumber(text);
  if (value === 0) throw new InvalidArgumentError('It is at least one.');
  return value;
}

function readPack(text: string): Pack {
  const pack = packs.find((each) => each === text);
  if (pack === undefined) throw new InvalidArgumentError(`It is one of ${packs.join(', ')}.`);
  return pack;
}
