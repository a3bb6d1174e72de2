import type { Command } from 'commander';
import type { ExitCode } from './exit-codes.js';
import type { Output } from './output/output.js';
import type { CliSettings } from './settings.js';

/** What every verb is given beside its own arguments. */
export interface Context {
  out: Output;
  env: NodeJS.ProcessEnv;
  /** The folder whose `npm start` is meant by verbs that ask the launcher. */
  checkout: string;
  /** Where the running system is. @throws BadSettings */
  settings: () => CliSettings;
  /** Aborted by Ctrl-C, SIGTERM and the end of the launcher. */
  signal: AbortSignal;
}

/** Runs a verb's work with its context, and keeps its exit code. */
export type Run = (json: boolean, work: (context: Context) => Promise<ExitCode>) => Promise<void>;

export interface Verb {
  /** Inside a group without the group's name; the examples have both. */
  name: string;
  /** In a few words, for the list of verbs. */
  does: string;
  /** Commands as one would type them, each with what it is for. */
  examples: readonly (readonly [command: string, purpose: string])[];
}

/** A verb with what all have: --json, and examples in --help. */
export function addVerb(program: Command, { name, does, examples }: Verb): Command {
  const width = Math.max(...examples.map(([command]) => command.length));
  const lines = examples.map(
    ([command, purpose]) => `  $ npx paid-once ${command.padEnd(width)}   ${purpose}`,
  );
  return program
    .command(name)
    .description(does)
    .option('--json', 'print one JSON object on stdout; lines for people go to stderr')
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}

/** Verbs that belong together, called as `paid-once GROUP VERB`; without a verb it lists them. */
export function addGroup(program: Command, { name, does }: { name: string; does: string }): Command {
  return program.command(name).description(does).usage('VERB [options]');
}
