import { InvalidArgumentError, type Command } from 'commander';
import { chapters, currentChapter, switchTo, type ChapterNow } from '../chapters.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import type { Output } from '../output/output.js';
import { addVerb, type Context, type Run } from '../verb.js';

export function addChapter(program: Command, run: Run): void {
  addVerb(program, {
    name: 'chapter',
    does: 'show which delivery semantics the system has, or switch them (lab mode)',
    examples: [
      ['chapter', 'which one is on, and what each leaves out'],
      ['chapter 1', 'naive: then pay with --no-keys --no-retry, and compare'],
      ['chapter 4', 'back to paying exactly once'],
    ],
  })
    .argument('[chapter]', '1, 2, 3 or 4', chapterNumber)
    .action((chapter: number | undefined, flags: { json?: true }) =>
      run(flags.json === true, (context) =>
        chapter === undefined ? show(context) : change(context, chapter),
      ),
    );
}

async function show({ out, settings, signal }: Context): Promise<ExitCode> {
  const now = required(await currentChapter(settings().urls.payments, signal));
  out.result(now);
  for (const { chapter, name, leavesOut, shows } of chapters) {
    const line = `${chapter}  ${name.padEnd(20)}  leaves out ${leavesOut}`;
    out.say(chapter === now.chapter ? out.colours.bold(`▸ ${line}`) : `  ${line}`);
    out.say(out.colours.dim(`     ${shows}`));
  }
  out.say(`Chapter ${now.chapter} since ${now.since}.`);
  out.next(`npx paid-once chapter ${now.chapter === 4 ? 1 : 4}`, payLine(now));
  return exitCodes.done;
}

async function change({ out, settings, signal }: Context, chapter: number): Promise<ExitCode> {
  const now = required(await switchTo(chapter, settings().urls.payments, signal).catch(unaffected));
  out.result(now);
  sayChange(out, now);
  out.next('npx paid-once reset --yes', payLine(now));
  return exitCodes.done;
}

function sayChange(out: Output, { chapter, name }: ChapterNow): void {
  const { leavesOut, shows } = chapters[chapter - 1] ?? chapters[3];
  out.say(`${out.colours.green('✓')} Chapter ${chapter}, ${name}, leaves out ${leavesOut}.`);
  out.say(`  Under faults, ${shows}.`);
  out.say('  What was paid before stays as it is; begin with empty ledgers to see what this chapter does.');
}

const payLine = (now: ChapterNow): string => (chapters[now.chapter - 1] ?? chapters[3]).pay;

/** @throws CliFailure there are no chapters */
function required(now: ChapterNow | undefined): ChapterNow {
  if (now !== undefined) return now;
  throw new CliFailure(
    exitCodes.differ,
    'This system does not run in lab mode: it has no chapters.',
    'It pays exactly once, as chapter 4 does. Nothing was changed.',
    'PAID_ONCE_LAB=true for setup and services switches lab mode on; npm start does.',
  );
}

// A switch that fails is no outage of payments, which is what an unreachable service means elsewhere.
function unaffected(error: unknown): never {
  if (!(error instanceof CliFailure) || error.exitCode !== exitCodes.unreachable) throw error;
  throw new CliFailure(
    exitCodes.unreachable,
    error.happened,
    'Money is unaffected: only the chapter was to change, on both sides or on neither.',
    'npx paid-once status',
  );
}

function chapterNumber(text: string): number {
  if (!/^[1-4]$/.test(text)) throw new InvalidArgumentError('There are chapters 1, 2, 3 and 4.');
  return Number(text);
}
