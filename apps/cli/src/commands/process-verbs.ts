import type { Command } from 'commander';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { askLauncher } from '../stack/control-client.js';
import { processInfo, type ProcessAction, type ProcessInfo } from '../stack/process-info.js';
import { addVerb, type Context, type Run, type Verb } from '../verb.js';
import { knownProcess, meaningOf, processNames } from './process-meanings.js';
import { launcherFailure } from './processes.js';

/** The verbs that do something to a process of the running system. */
export function addProcessVerbs(program: Command, run: Run): void {
  for (const { help, ...verb } of verbs) {
    addVerb(program, verb)
      .argument('<process>', processNames.join(', '))
      .addHelpText('before', `${help}\n`)
      .showHelpAfterError(help)
      .action((name: string, flags: { json?: true }) =>
        run(flags.json === true, (context) => act(context, verb.name, name)),
      );
  }
}

const verbs: readonly (Verb & { name: ProcessAction; help: string })[] = [
  {
    name: 'kill',
    does: 'end a process at once, as kill -9 or a power cut does',
    help: 'SIGKILL. A service is started again after a second; a database or RabbitMQ stays dead until: restart.',
    examples: [
      ['kill ledger', 'in the middle of its work: what it had not acknowledged is delivered again'],
      ['kill payments-db', 'POST /payments answers 503 until: restart payments-db'],
    ],
  },
  {
    name: 'stop',
    does: 'freeze a process: it hangs, as a machine that swaps, until cont',
    help: 'SIGSTOP: the process hangs, as on a machine that swaps, and keeps its connections open; cont lets it go on.\nThis does not end the system: for that press Ctrl-C where npm start runs, or use docker compose down.',
    examples: [
      ['stop relay', 'the outbox fills, every payment is still accepted'],
      ['stop ledger-db', 'a database that answers nothing, which is worse than one that is dead'],
    ],
  },
  {
    name: 'cont',
    does: 'let a frozen process go on',
    help: 'SIGCONT: takes back what stop did. What is dead is not revived by it, but by restart.',
    examples: [
      ['cont relay', 'what waits in the outbox is published'],
      ['cont ledger-db', 'the ledger posts what RabbitMQ kept'],
    ],
  },
  {
    name: 'restart',
    does: 'stop a process gently, unless it is dead, start it and wait until it is ready',
    help: 'On the same data, port and password. RabbitMQ takes some 15 seconds.',
    examples: [
      ['restart payments-db', 'after kill payments-db: all that was accepted is there'],
      ['restart rabbitmq', 'while payments flow: both ledgers agree afterwards'],
    ],
  },
];

async function act(context: Context, action: ProcessAction, name: string): Promise<ExitCode> {
  const { out } = context;
  const known = knownProcess(name);
  if (known === undefined)
    throw new CliFailure(
      exitCodes.usage,
      `There is no process "${name}". There are: ${processNames.join(', ')}.`,
      nothingDone[action],
      'npx paid-once processes',
    );
  if (action === 'restart') out.note(`${name}: stops, starts, gets ready …`);
  const process = await askLauncher(
    context,
    `/processes/${encodeURIComponent(name)}/${action}`,
    processInfo,
  ).catch((error: unknown) => {
    throw launcherFailure(error, nothingDone[action], dockerCommand(action, name));
  });
  out.result({ process });
  out.say(said(action, process));
  out.say(meaningOf(action, known));
  out.next(...nextOf(action, process));
  return exitCodes.done;
}

const nothingDone: Record<ProcessAction, string> = {
  kill: 'Nothing was killed.',
  stop: 'Nothing was stopped.',
  cont: 'Nothing was changed.',
  restart: 'Nothing is lost: what was accepted is in the databases.',
};

function said(action: ProcessAction, { name, kind, pid }: ProcessInfo): string {
  const which = pid === null ? name : `${name} (process ${pid})`;
  switch (action) {
    case 'kill':
      return kind === 'service'
        ? `${name} was killed; another process of it starts in a second.`
        : `${name} was killed; it stays dead until it is restarted.`;
    case 'stop':
      return `${which} hangs: it answers nothing, and keeps its connections open.`;
    case 'cont':
      return `${which} goes on.`;
    case 'restart':
      return `${which} was started again and is ready.`;
  }
}

function nextOf(action: ProcessAction, { name, kind }: ProcessInfo): string[] {
  const pay = 'npx paid-once pay payments.csv';
  if (action === 'kill' && kind === 'server') return [pay, `npx paid-once restart ${name}`];
  if (action === 'stop') return [pay, `npx paid-once cont ${name}`];
  return ['npx paid-once compare --wait'];
}

/** The same for the system in Docker, where a killed container stays down. */
function dockerCommand(action: ProcessAction, name: string): string {
  const compose = { kill: 'kill', stop: 'pause', cont: 'unpause', restart: 'restart' }[action];
  const back = action === 'kill' ? `, and it stays down until: docker compose restart ${name}` : '';
  return `docker compose ${compose} ${name}${back}`;
}
