import type { Command } from 'commander';
import type { GivenServers } from '../stack/given-servers.js';
import { addVerb, type Run } from '../verb.js';

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
PAID_ONCE_TOXIPROXY_PORT 8474, PAID_ONCE_CONSOLE_PORT 3000. Servers: PAID_ONCE_SERVERS=local (default), containers or auto.`,
    )
    .action((flags: StartFlags) =>
      run(flags.json === true, async (context) => {
        context.out.note(`paid-once start · Node ${process.version}`);
        // All that starts a system is loaded by the verbs that do: the others stay quick.
        const { launchSystem } = await import('../stack/launch-system.js');
        return launchSystem(context, flags);
      }),
    );
}
