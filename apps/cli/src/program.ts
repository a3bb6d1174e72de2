import { Command, CommanderError } from 'commander';
import { checkout } from './checkout.js';
import { addBreak } from './commands/break.js';
import { addChapters } from './commands/chapters.js';
import { addChapter } from './commands/chapter.js';
import { addCompare } from './commands/compare.js';
import { addCrash } from './commands/crash.js';
import { addDead } from './commands/dead.js';
import { addDemo } from './commands/demo.js';
import { addDoctor } from './commands/doctor.js';
import { addHeal } from './commands/heal.js';
import { addLinks } from './commands/links.js';
import { addKeys } from './commands/keys.js';
import { addLedger } from './commands/ledger.js';
import { addOutbox } from './commands/outbox.js';
import { addPay } from './commands/pay.js';
import { addProcessVerbs } from './commands/process-verbs.js';
import { addProcesses } from './commands/processes.js';
import { addReplay } from './commands/replay.js';
import { addReset } from './commands/reset.js';
import { addSetup } from './commands/setup.js';
import { addShow } from './commands/show.js';
import { addStart } from './commands/start.js';
import { addStatus } from './commands/status.js';
import { showing } from './credential.js';
import { exitCodes } from './exit-codes.js';
import { failureOf } from './failure.js';
import { Output, type Stream } from './output/output.js';
import { apiKeyIn, cliSettings, commandName, environment, noColour } from './settings.js';
import type { Run } from './verb.js';

/** What a shell reports of a program that Ctrl-C ended. */
const exitCodeInterrupted = 130;
const sameCtrlCMs = 1_000;

/** The world a command line runs in. */
export interface World {
  stdout: Stream;
  stderr: Stream;
  /** Default: the process's own. */
  env?: NodeJS.ProcessEnv;
  /** Default: the one this file is in. */
  checkout?: string;
}

/** Runs one command line to its end. @returns the exit code, see `exitCodes` */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  const { env = environment(), checkout: folder = checkout } = world;
  const stopping = new AbortController();
  let stoppedAt = 0;
  const stop = () => {
    // One Ctrl-C may arrive several times: from the terminal, from npm and from a launcher.
    if (stopping.signal.aborted && performance.now() - stoppedAt > sameCtrlCMs)
      process.exit(exitCodeInterrupted);
    if (!stopping.signal.aborted) stoppedAt = performance.now();
    stopping.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);

  let exitCode: number = exitCodes.done;
  const run: Run = async (json, work) => {
    const out = new Output({ ...world, json, noColour: noColour(env), ...commandName(env) });
    try {
      const settings = () => cliSettings(env);
      const context = { out, env, settings, checkout: folder, signal: stopping.signal };
      exitCode = await showing(apiKeyIn(env), () => work(context));
    } catch (error) {
      exitCode = stopping.signal.aborted ? interrupted(out) : failed(out, error);
    }
  };
  try {
    await programWith(run, world).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
  return exitCode;
}

function programWith(run: Run, world: World): Command {
  const program = new Command('paid-once')
    .usage('VERB [options]')
    .description('Two services, two ledgers, a link you can cut, and no cent lost or paid twice.')
    .configureOutput({
      writeOut: (text) => void world.stdout.write(text),
      writeErr: (text) => void world.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .exitOverride() // before the verbs are added: they inherit it
    .addHelpText(
      'after',
      `
Exit codes: 0 done, or the ledgers agree · 1 they differ, or something was refused · 2 usage · 3 unreachable

First steps:
  $ npm run demo                          a throw-away copy: pay, cut, heal, compare (under a minute)
  $ npm start                             the whole system, until Ctrl-C
  $ npx paid-once pay payments.csv        pay 1,000 times EUR 1
  $ npx paid-once compare --wait          both ledgers, row by row`,
    );
  for (const add of [
    addStart,
    addDemo,
    addChapters,
    addPay,
    addStatus,
    addCompare,
    addShow,
    addDead,
    addReplay,
    addLinks,
    addBreak,
    addHeal,
    addCrash,
    addChapter,
    addProcesses,
    addProcessVerbs,
    addDoctor,
    addReset,
    addSetup,
    addOutbox,
    addLedger,
    addKeys,
  ])
    add(program, run);
  return program;
}

function failed(out: Output, error: unknown): number {
  const failure = failureOf(error);
  if (failure === undefined) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    out.note(`paid-once broke off; that is a bug of it.\n${stack}`);
    out.result({ error: String(error), exitCode: exitCodes.differ });
    return exitCodes.differ;
  }
  const { happened, money, next, exitCode } = failure;
  out.note(out.colours.red(happened));
  if (money) out.note(money);
  if (next) out.note(next.startsWith('npx ') ? `→ ${next}` : next);
  out.result({ error: happened, money, next, exitCode });
  return exitCode;
}

function interrupted(out: Output): number {
  out.note('Stopped.');
  out.result({ error: 'interrupted', exitCode: exitCodeInterrupted });
  return exitCodeInterrupted;
}
