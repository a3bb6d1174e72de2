import type { Command } from 'commander';
import { once } from 'node:events';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { GivenServers } from '../stack/given-servers.js';
import type { Stack } from '../stack/start-stack.js';
import { addVerb, type Context, type Run } from '../verb.js';

interface StartFlags extends GivenServers {
  json?: true;
  fresh?: true;
}

export function addStart(program: Command, run: Run): void {
  addVerb(program, {
    name: 'start',
    does: 'run the whole system on this machine, without Docker, until Ctrl-C',
    examples: [
      ['start', 'as npm start; data survives until the next start'],
      ['start --fresh', 'forgets all data first'],
      ['start --payments-db URL --ledger-db URL --amqp URL', 'on servers you have'],
    ],
  })
    .option('--fresh', 'forget the data of earlier starts')
    .option('--payments-db <url>', 'postgres://owner:password@host/database that payments may use')
    .option('--ledger-db <url>', 'another database, for the ledger')
    .option('--amqp <url>', 'amqp://administrator:password@host[:port][/vhost]')
    .option('--amqp-admin <url>', 'its management API; default: the same host and administrator, port 15672')
    .addHelpText(
      'after',
      `
Ports: PAID_ONCE_PAYMENTS_PORT 8080, PAID_ONCE_LEDGER_PORT 8081, PAID_ONCE_RELAY_PORT 8082, PAID_ONCE_LINK_PORT 8888,
PAID_ONCE_TOXIPROXY_PORT 8474. Servers: PAID_ONCE_SERVERS=local (default), containers or auto.`,
    )
    .action((flags: StartFlags) => run(flags.json === true, (context) => start(context, flags)));
}

async function start(context: Context, flags: StartFlags): Promise<ExitCode> {
  const { out, settings, signal } = context;
  out.note(`paid-once start · Node ${process.version}`);
  const { ports, servers, install } = settings();
  // The heavy parts are loaded by the verbs that need them: the others stay quick.
  const [
    { checkPorts },
    { givenServers },
    { startStack },
    { serviceLog },
    { chooseServers },
    { openState },
    { openControl },
  ] = await Promise.all([
    import('../stack/check-ports.js'),
    import('../stack/given-servers.js'),
    import('../stack/start-stack.js'),
    import('../stack/service-log.js'),
    import('@paid-once/infrastructure'),
    import('../stack/state.js'),
    import('../stack/control-server.js'),
  ]);
  const given = givenServers(flags);
  const state = await openState();
  try {
    await checkPorts(ports);
    out.tell(
      'Lab mode is on: whoever reaches these ports can break links, crash services and delete all payments. Loopback only.',
    );
    const say = (line: string) => out.tell(out.colours.dim(line));
    const kind = given === undefined ? (await chooseServers(servers, say)).kind : undefined;
    if (flags.fresh) await state.forget();
    const log = serviceLog(out, 'services');
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
    const closeControl = await openControl(state.directory, stack, say).catch(async (error: unknown) => {
      await stack.stop();
      throw error;
    });
    await untilStopped(context, ports.link, stack, closeControl);
  } finally {
    await state.close();
  }
  return exitCodes.done;
}

async function untilStopped(
  { out, signal }: Context,
  linkPort: number,
  stack: Stack,
  closeControl: () => Promise<void>,
): Promise<void> {
  out.tell();
  out.tell(out.colours.green(`Ready → http://localhost:${linkPort}/payments`));
  out.next(
    'npx paid-once pay payments.csv',
    'npx paid-once break relay-rabbitmq',
    'npx paid-once compare --wait',
  );
  const { rebased } = stack.setup;
  out.result({ urls: stack.urls, ...(rebased && { rebased }) });

  if (!signal.aborted) await once(signal, 'abort');
  out.tell('\nStopping; the data stays for the next start.');
  await closeControl();
  await stack.stop();
  out.tell('Stopped.');
}
