import { join } from 'node:path';
import { checkout } from '../checkout.js';
import type { SystemPorts, SystemUrls } from '../settings.js';
import { environment } from '../settings.js';
import type { Passwords } from './passwords.js';

/** Where the servers are, with their administrators' passwords. */
export interface ServerAddresses {
  paymentsAdminDb: string;
  ledgerAdminDb: string;
  brokerAdmin: string;
  /** `host:port` where the broker speaks AMQP. */
  brokerUpstream: string;
  vhost: string;
}

/** The ports that the links listen on, beside the client's. */
export interface LinkPorts {
  paymentsPostgres: number;
  paymentsRabbitmq: number;
  relayPostgres: number;
  relayRabbitmq: number;
  ledgerRabbitmq: number;
  ledgerPostgres: number;
}

/** Every setting of setup, services and verbs for one running system. The services' URLs go through the links. */
export function stackEnvironment(options: {
  servers: ServerAddresses;
  passwords: Passwords;
  ports: SystemPorts;
  linkPorts: LinkPorts;
  lab: boolean;
}): Record<string, string> {
  const { servers, passwords, ports, linkPorts } = options;
  const database = (adminUrl: string, role: string, password: string, port: number) => {
    const { pathname } = new URL(adminUrl);
    return `postgres://${role}:${password}@127.0.0.1:${port}${pathname}`;
  };
  const { paymentsAdminDb, ledgerAdminDb } = servers;
  const { paymentsPostgres, relayPostgres, ledgerPostgres } = linkPorts;
  const amqp = (role: 'payments' | 'relay' | 'ledger', port: number) =>
    `amqp://${role}:${passwords[`${role}Amqp`]}@127.0.0.1:${port}/${encodeURIComponent(servers.vhost)}`;
  const urls = urlsAt(ports);
  return {
    PAID_ONCE_LAB: String(options.lab),
    PAID_ONCE_PAYMENTS_ADMIN_DB_URL: paymentsAdminDb,
    PAID_ONCE_LEDGER_ADMIN_DB_URL: ledgerAdminDb,
    PAID_ONCE_BROKER_ADMIN_URL: servers.brokerAdmin,
    PAID_ONCE_BROKER_UPSTREAM: servers.brokerUpstream,
    PAID_ONCE_PAYMENTS_DB_URL: database(paymentsAdminDb, 'payments', passwords.payments, paymentsPostgres),
    PAID_ONCE_RELAY_DB_URL: database(paymentsAdminDb, 'relay', passwords.relay, relayPostgres),
    PAID_ONCE_LEDGER_DB_URL: database(ledgerAdminDb, 'ledger', passwords.ledger, ledgerPostgres),
    // Through the link of the service that runs it: cut, it tries again, as everything there does.
    PAID_ONCE_PAYMENTS_RETENTION_DB_URL: database(
      paymentsAdminDb,
      'payments_retention',
      passwords.paymentsRetention,
      relayPostgres,
    ),
    PAID_ONCE_LEDGER_RETENTION_DB_URL: database(
      ledgerAdminDb,
      'ledger_retention',
      passwords.ledgerRetention,
      ledgerPostgres,
    ),
    PAID_ONCE_RELAY_AMQP_URL: amqp('relay', linkPorts.relayRabbitmq),
    PAID_ONCE_LEDGER_AMQP_URL: amqp('ledger', linkPorts.ledgerRabbitmq),
    PAID_ONCE_PAYMENTS_AMQP_URL: amqp('payments', linkPorts.paymentsRabbitmq),
    PAID_ONCE_LEDGER_TRUSTS: options.lab ? 'relay,payments' : 'relay', // chapter 1 publishes from payments
    PAID_ONCE_RELAY_LEDGER_KEY: passwords.relayLedgerKey,
    PAID_ONCE_PAYMENTS_PORT: String(ports.payments),
    PAID_ONCE_LEDGER_PORT: String(ports.ledger),
    PAID_ONCE_RELAY_PORT: String(ports.relay),
    PAID_ONCE_LINK_PORT: String(ports.link),
    PAID_ONCE_TOXIPROXY_PORT: String(ports.toxiproxy),
    PAID_ONCE_PAYMENTS_URL: urls.payments,
    PAID_ONCE_LEDGER_URL: urls.ledger,
    PAID_ONCE_RELAY_URL: urls.relay,
    PAID_ONCE_LINK_URL: urls.link,
    PAID_ONCE_TOXIPROXY_URL: urls.toxiproxy,
  };
}

export function urlsAt(ports: SystemPorts): SystemUrls {
  const at = (port: number) => `http://127.0.0.1:${port}`;
  return {
    payments: at(ports.payments),
    ledger: at(ports.ledger),
    relay: at(ports.relay),
    link: at(ports.link),
    toxiproxy: at(ports.toxiproxy),
  };
}

/** Node keeps compiled code here: a process of ours starts in about half the time when it is not the first. */
const compileCache = join(checkout, 'node_modules/.cache/paid-once/compiled');

/**
 * These settings on top of what this process inherited, so that tuning from outside still reaches the services. What is
 * set here must not be set as NAME_FILE too.
 */
export function withInherited(env: Readonly<Record<string, string>>): Record<string, string> {
  const inherited = Object.entries(environment()).flatMap(([name, value]) =>
    value === undefined || name.replace(/_FILE$/, '') in env ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE: compileCache, ...env };
}
