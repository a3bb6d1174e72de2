import { chooseServers } from '@paid-once/infrastructure';
import { once } from 'node:events';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { Context } from '../verb.js';
import { checkPorts } from './check-ports.js';
import { openControl } from './control-server.js';
import { givenServers, type GivenServers } from './given-servers.js';
import { managedProcesses } from './managed-processes.js';
import { serviceLog } from './service-log.js';
import { startConsole } from './start-console.js';
import { startStack, type Stack } from './start-stack.js';
import { openState, type State } from './state.js';
import type { SupervisedService } from './supervised-service.js';

type LaunchFlags = GivenServers & { fresh?: true };

/** What `npm start` does: the whole system on this machine, until it is told to stop. */
export async function launchSystem(context: Context, flags: LaunchFlags): Promise<ExitCode> {
  const { out, settings } = context;
  const { ports } = settings();
  const given = givenServers(flags);
  const state = await openState();
  try {
    await checkPorts(ports);
    out.tell(
      'Lab mode is on: whoever reaches these ports can break links, crash services and delete all payments. Loopback only.',
    );
    if (flags.fresh) await state.forget();
    await run(context, state, given);
  } finally {
    await state.close();
  }
  return exitCodes.done;
}

/** The console comes first: it shows how the others get up. */
async function run(context: Context, state: State, given: ReturnType<typeof givenServers>): Promise<void> {
  const { out, settings, signal } = context;
  const { ports, servers, install } = settings();
  const say = (line: string) => out.tell(out.colours.dim(line));
  const log = serviceLog(out, 'services');
  const kind = given === undefined ? (await chooseServers(servers, say)).kind : undefined;
  const page = startConsole({ ports, onLine: log.line, say });
  say(`the console shows how far it is: ${addressOf(page)}`);
  try {
    const stack = await startStack({
      directory: state.directory,
      ports,
      install,
      restart: true,
      onLine: log.line,
      say,
      signal,
      ...(kind && { kind }),
      ...(given && { given }),
    }).catch((error: unknown) => {
      if (!signal.aborted) log.showKept();
      throw error;
    });
    const undo = async (error: unknown): Promise<never> => {
      await stack.stop();
      throw error;
    };
    await page.ready(signal).catch(undo);
    const closeControl = await openControl(state.directory, managedProcesses(stack, page), say).catch(undo);
    await untilStopped(context, page, stack, closeControl);
  } finally {
    await page.stop();
  }
}

async function untilStopped(
  { out, signal }: Context,
  page: SupervisedService,
  stack: Stack,
  closeControl: () => Promise<void>,
): Promise<void> {
  out.next(
    'npx paid-once pay payments.csv',
    'npx paid-once break relay-rabbitmq',
    'npx paid-once compare --wait',
  );
  out.tell();
  out.tell(out.colours.green(`Ready → ${addressOf(page)}`));
  const { rebased } = stack.setup;
  out.result({ urls: { ...stack.urls, console: addressOf(page) }, ...(rebased && { rebased }) });

  if (!signal.aborted) await once(signal, 'abort');
  out.tell('\nStopping; the data stays for the next start.');
  await closeControl();
  await stack.stop();
  out.tell('Stopped.');
}

function addressOf({ url }: SupervisedService): string {
  return url.replace('127.0.0.1', 'localhost');
}
