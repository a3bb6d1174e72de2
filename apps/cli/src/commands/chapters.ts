import { InvalidArgumentError, type Command } from 'commander';
import { randomInt } from 'node:crypto';
import { join, resolve } from 'node:path';
import { checkout } from '../checkout.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { counted } from '../output/words.js';
import { inThrowAwayCopy } from '../stack/throw-away-copy.js';
import { addVerb, type Context, type Run } from '../verb.js';

interface ChaptersFlags {
  json?: true;
  quick?: true;
  seed?: number;
  file?: string;
  out: string;
}

const quickRows = 200;

export function addChapters(program: Command, run: Run): void {
  addVerb(program, {
    name: 'chapters',
    does: 'measure what each of the four delivery models loses and pays twice, in a throw-away copy',
    examples: [
      ['chapters', 'as npm run chapters; 1,000 payments through each, under the same faults'],
      ['chapters --quick', '200 payments through each'],
      ['chapters --seed 7', 'with dice that fall as in another run with this seed'],
      ['chapters --json | jq .[3]', 'for scripts: an array with an object for each chapter'],
    ],
  })
    .option('--quick', `only the first ${quickRows} rows`)
    .option(
      '--seed <n>',
      'of all dice: which connections break, how long pauses are; default: a random one',
      seed,
    )
    .option('--file <csv>', 'what to pay; default: payments.csv of this checkout')
    .option('--out <file>', 'where everything that was measured is saved, as JSON', 'chapters.json')
    .addHelpText(
      'after',
      `
Exit code 0 only if chapter 1 loses, chapters 2 and 3 pay twice and lose nothing, and chapter 4 does neither.`,
    )
    .action((flags: ChaptersFlags) => run(flags.json === true, (context) => runAndShow(context, flags)));
}

async function runAndShow(context: Context, flags: ChaptersFlags): Promise<ExitCode> {
  const { out, signal } = context;
  out.note(`paid-once chapters · Node ${process.version}`);
  const [
    { chapterFile },
    { runChapters },
    { measureAlternatives },
    { alternativesInWords },
    { measuredTables, whenRight },
    { unmetExpectations },
    { save, thisMachine },
    { confirmTimeoutMs, faultsInWords },
    { meteredPostgres },
  ] = await Promise.all([
    import('../chapters/chapter-file.js'),
    import('../chapters/run-chapters.js'),
    import('../chapters/alternatives.js'),
    import('../chapters/alternatives-view.js'),
    import('../chapters/chapters-view.js'),
    import('../chapters/verdict.js'),
    import('../chapters/measurement.js'),
    import('../chapters/fault-schedule.js'),
    import('../chapters/cost-meter.js'),
  ]);
  const chosenSeed = flags.seed ?? randomInt(1, 2 ** 31);
  const file = await chapterFile(flags.file ?? join(checkout, 'payments.csv'), flags.quick && quickRows);
  try {
    const rows = file.amounts.length;
    out.tell(`Four chapters, ${counted(rows, 'payment')} each, seed ${chosenSeed}. Meanwhile:`);
    for (const fault of faultsInWords) out.tell(`  · ${fault}`);
    out.tell(
      'A throw-away copy in lab mode: two Postgres, RabbitMQ, the links and three services. Starting …',
    );
    const copy = {
      postgresSettings: meteredPostgres,
      env: { relay: { PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: String(confirmTimeoutMs) } },
    };
    const measured = await inThrowAwayCopy(context, copy, async (stack) => ({
      machine: await thisMachine(stack),
      chapters: await runChapters({ stack, file, seed: chosenSeed, out, signal }),
    }));
    const alternatives = await measureAlternatives(context, {
      rows: flags.quick ? 40 : 200,
      atOnce: flags.quick === true,
    });

    out.tell();
    for (const line of measuredTables(measured.chapters)) out.tell(line);
    out.tell();
    for (const line of alternativesInWords(alternatives)) out.tell(line);
    out.tell();
    for (const line of whenRight()) out.tell(line);
    const path = resolve(flags.out);
    await save(
      {
        date: new Date().toISOString(),
        seed: chosenSeed,
        rows,
        faults: faultsInWords,
        ...measured,
        alternatives,
      },
      path,
    );
    out.tell(`\nSaved as ${path}`);
    out.result(measured.chapters);
    return conclude(context, unmetExpectations(measured.chapters), { ...flags, seed: chosenSeed });
  } finally {
    await file.remove();
  }
}

function conclude({ out }: Context, unmet: string[], { seed, quick }: ChaptersFlags): ExitCode {
  const { green, red } = out.colours;
  if (unmet.length === 0) {
    out.tell(green('✓ Chapter 1 loses money, 2 and 3 pay twice, 4 does neither.'));
    return exitCodes.done;
  }
  for (const sentence of unmet) out.note(red(`✗ ${sentence}`));
  out.note(`→ npx paid-once chapters --seed ${seed}${quick ? ' --quick' : ''}`);
  return exitCodes.differ;
}

function seed(text: string): number {
  const value = Number(text);
  if (/^\d{1,10}$/.test(text) && value < 2 ** 31) return value;
  throw new InvalidArgumentError('give a whole number from 0 to 2147483647.');
}
