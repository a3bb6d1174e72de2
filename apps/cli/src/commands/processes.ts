import type { Command } from 'commander';
import { z } from 'zod';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import type { Output } from '../output/output.js';
import { age } from '../output/words.js';
import { askLauncher, LauncherRefused, NoLauncher } from '../stack/control-client.js';
import { processInfo, type ProcessInfo } from '../stack/process-info.js';
import { addVerb, type Run } from '../verb.js';

export function addProcesses(program: Command, run: Run): void {
  addVerb(program, {
    name: 'processes',
    does: 'show every process that npm start runs, which is dead or hangs, and since when',
    examples: [
      ['processes', 'services, databases and RabbitMQ'],
      ['processes --json', 'for scripts'],
    ],
  }).action((flags: { json?: true }) =>
    run(flags.json === true, async (context) => {
      const { out } = context;
      const processes = await askLauncher(context, '/processes', z.array(processInfo)).catch(
        (error: unknown) => {
          throw launcherFailure(error, 'This changes nothing about the money.', 'docker compose ps');
        },
      );
      out.result({ processes });
      for (const line of processLines(out, processes)) out.say(line);
      const [dead, stopped] = (['dead', 'stopped'] as const).map((state) =>
        processes.find((process) => process.state === state),
      );
      if (dead) out.next(`npx paid-once restart ${dead.name}`);
      else out.next(stopped ? `npx paid-once cont ${stopped.name}` : 'npx paid-once kill ledger');
      return exitCodes.done;
    }),
  );
}

/** What a launcher's silence or refusal means to a user; any other error as it is. */
export function launcherFailure(error: unknown, money: string, inDocker: string): unknown {
  if (error instanceof LauncherRefused) {
    const code = error.status === 404 || error.status === 409 ? exitCodes.usage : exitCodes.unreachable;
    return new CliFailure(code, error.detail, money, 'npx paid-once processes');
  }
  if (!(error instanceof NoLauncher)) return error;
  return new CliFailure(
    exitCodes.unreachable,
    error.message,
    money,
    `If the system runs in Docker: ${inDocker}`,
  );
}

function processLines(out: Output, processes: readonly ProcessInfo[]): string[] {
  const width = Math.max(...processes.map(({ name }) => name.length));
  return processes.map(({ name, state, pid, since }) => {
    const which = pid === null ? '' : `process ${pid}`;
    const seconds = Math.max(0, (Date.now() - Date.parse(since)) / 1_000);
    return `${mark(out, state)} ${name.padEnd(width)}  ${words[state].padEnd(10)}  ${which.padEnd(15)}  for ${age(seconds)}`;
  });
}

const words: Record<ProcessInfo['state'], string> = {
  running: 'runs',
  stopped: 'hangs',
  dead: 'dead',
  restarting: 'restarting',
};

function mark({ colours }: Output, state: ProcessInfo['state']): string {
  if (state === 'running') return colours.green('●');
  return state === 'dead' ? colours.red('╳') : colours.yellow('◐');
}
