import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import type { ServerAddresses } from './stack-environment.js';

export interface GivenServers {
  paymentsDb?: string;
  ledgerDb?: string;
  amqp?: string;
  amqpAdmin?: string;
}

/**
 * The servers named on the command line, or undefined if none are.
 * @throws CliFailure some are missing, or are no such URL
 */
export function givenServers(given: GivenServers): ServerAddresses | undefined {
  const { paymentsDb, ledgerDb, amqp, amqpAdmin } = given;
  if (paymentsDb === undefined && ledgerDb === undefined && amqp === undefined && amqpAdmin === undefined)
    return undefined;
  if (paymentsDb === undefined || ledgerDb === undefined || amqp === undefined)
    throw usage(
      '--payments-db, --ledger-db and --amqp go together: give all three, with an administrator’s name and password.',
    );
  const [payments, ledger] = [
    parse('--payments-db', paymentsDb, 'postgres'),
    parse('--ledger-db', ledgerDb, 'postgres'),
  ];
  if (payments.host === ledger.host && payments.pathname === ledger.pathname)
    throw usage('--payments-db and --ledger-db are the same database; the two ledgers need one each.');
  const broker = parse('--amqp', amqp, 'amqp');
  return {
    paymentsAdminDb: payments.href,
    ledgerAdminDb: ledger.href,
    brokerAdmin:
      amqpAdmin === undefined
        ? managementOf(broker)
        : parse('--amqp-admin', amqpAdmin, 'http').href.replace(/\/$/, ''),
    brokerUpstream: `${broker.hostname}:${broker.port || '5672'}`,
    vhost: decodeURIComponent(broker.pathname.slice(1)) || 'paid-once',
  };
}

/** RabbitMQ's management API where it usually is, with the same administrator. */
function managementOf({ username, password, hostname }: URL): string {
  return `http://${username || 'guest'}:${password || 'guest'}@${hostname}:15672`;
}

function parse(option: string, text: string, scheme: 'postgres' | 'amqp' | 'http'): URL {
  const url = URL.parse(text);
  const schemes = { postgres: ['postgres:', 'postgresql:'], amqp: ['amqp:'], http: ['http:', 'https:'] }[
    scheme
  ];
  if (url === null || !schemes.includes(url.protocol) || url.hostname === '')
    throw usage(
      `${option} is no URL of the form ${scheme}://user:password@host${scheme === 'postgres' ? '/database' : ''}.`,
    );
  if (scheme === 'postgres' && url.pathname.length < 2)
    throw usage(`${option} names no database: end it with /name.`);
  return url;
}

function usage(happened: string): CliFailure {
  return new CliFailure(exitCodes.usage, happened, 'Nothing was started.', 'npx paid-once start --help');
}
