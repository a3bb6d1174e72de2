import { configuration, readSettings, take } from '@paid-once/service/basics';
import { z } from 'zod';

const { PAID_ONCE_PAYMENTS_URL, PAID_ONCE_LEDGER_URL, PAID_ONCE_RELAY_URL, PAID_ONCE_LINK_URL } =
  configuration;

/** Where the running system is. Each URL follows its port's variable, so that a moved port is moved for both sides. */
const schema = z.object({
  PAID_ONCE_PAYMENTS_URL: PAID_ONCE_PAYMENTS_URL.removeDefault().optional(),
  PAID_ONCE_LEDGER_URL: PAID_ONCE_LEDGER_URL.removeDefault().optional(),
  PAID_ONCE_RELAY_URL: PAID_ONCE_RELAY_URL.removeDefault().optional(),
  PAID_ONCE_LINK_URL: PAID_ONCE_LINK_URL.removeDefault().optional(),
  ...take(
    'PAID_ONCE_TOXIPROXY_URL',
    'PAID_ONCE_PAYMENTS_PORT',
    'PAID_ONCE_LEDGER_PORT',
    'PAID_ONCE_RELAY_PORT',
    'PAID_ONCE_LINK_PORT',
    'PAID_ONCE_TOXIPROXY_PORT',
    'PAID_ONCE_CONSOLE_PORT',
    'PAID_ONCE_SERVERS',
    'PAID_ONCE_INSTALL',
  ),
});

export interface SystemUrls {
  payments: string;
  ledger: string;
  relay: string;
  /** Payments, through the link that can be cut. */
  link: string;
  toxiproxy: string;
}

/** Where its parts listen on this machine. */
export interface SystemPorts {
  payments: number;
  ledger: number;
  relay: number;
  link: number;
  toxiproxy: number;
}

export interface CliSettings {
  urls: SystemUrls;
  /** Whether somebody said where Toxiproxy is: outside lab mode there may be none. */
  linksGiven: boolean;
  ports: SystemPorts & { console: number };
  servers: 'auto' | 'containers' | 'local';
  /** Whether RabbitMQ may be installed where it is missing. */
  install: 'auto' | 'never';
}

/** @throws BadSettings */
export function cliSettings(env: NodeJS.ProcessEnv = environment()): CliSettings {
  const read = readSettings(schema, env);
  const at = (given: string | undefined, portNumber: number) =>
    (given ?? `http://127.0.0.1:${portNumber}`).replace(/\/+$/, '');
  const ports = {
    payments: read.PAID_ONCE_PAYMENTS_PORT,
    ledger: read.PAID_ONCE_LEDGER_PORT,
    relay: read.PAID_ONCE_RELAY_PORT,
    link: read.PAID_ONCE_LINK_PORT,
    toxiproxy: read.PAID_ONCE_TOXIPROXY_PORT,
    console: read.PAID_ONCE_CONSOLE_PORT,
  };
  return {
    urls: {
      payments: at(read.PAID_ONCE_PAYMENTS_URL, ports.payments),
      ledger: at(read.PAID_ONCE_LEDGER_URL, ports.ledger),
      relay: at(read.PAID_ONCE_RELAY_URL, ports.relay),
      link: at(read.PAID_ONCE_LINK_URL, ports.link),
      toxiproxy: at(read.PAID_ONCE_TOXIPROXY_URL, ports.toxiproxy),
    },
    linksGiven: read.PAID_ONCE_TOXIPROXY_URL !== undefined,
    ports,
    servers: read.PAID_ONCE_SERVERS,
    install: read.PAID_ONCE_INSTALL,
  };
}

const setupSchema = z.object({
  /** Without it no link `payment` is made. */
  PAID_ONCE_LINK_URL: PAID_ONCE_LINK_URL.removeDefault().optional(),
  ...take(
    'PAID_ONCE_PAYMENTS_ADMIN_DB_URL',
    'PAID_ONCE_LEDGER_ADMIN_DB_URL',
    'PAID_ONCE_PAYMENTS_DB_URL',
    'PAID_ONCE_RELAY_DB_URL',
    'PAID_ONCE_LEDGER_DB_URL',
    'PAID_ONCE_RELAY_AMQP_URL',
    'PAID_ONCE_LEDGER_AMQP_URL',
    'PAID_ONCE_PAYMENTS_AMQP_URL',
    'PAID_ONCE_BROKER_ADMIN_URL',
    'PAID_ONCE_BROKER_UPSTREAM',
    'PAID_ONCE_TOXIPROXY_URL',
    'PAID_ONCE_PAYMENT_UPSTREAM',
    'PAID_ONCE_LAB',
  ),
});
export type SetupSettings = z.infer<typeof setupSchema>;

/** @throws BadSettings */
export function setupSettings(env: NodeJS.ProcessEnv = environment()): SetupSettings {
  return readSettings(setupSchema, env);
}

/** Whether colours are unwanted, see https://no-color.org. */
export function noColour(env: NodeJS.ProcessEnv = environment()): boolean {
  return (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
}

const keySchema = z.object(take('PAID_ONCE_API_KEY'));

/** What the services are to be shown; lab mode needs none. @throws BadSettings */
export function apiKeyIn(env: NodeJS.ProcessEnv): string | undefined {
  return readSettings(keySchema, env).PAID_ONCE_API_KEY;
}

/** How a verb is called where this runs: suggestions name it. */
export function commandName(env: NodeJS.ProcessEnv = environment()): { command?: string } {
  const command = env['PAID_ONCE_COMMAND'];
  return command ? { command } : {};
}

/** What child processes inherit. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}
