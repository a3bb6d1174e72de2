import { isApiKey } from '@paid-once/contracts';
import { z } from 'zod';
import { flag, integer, list, oneOf, port, url } from './variable-types.js';

// Every setting of the system, once: what it is for, what it takes, and what it is when nobody says. Programs take theirs
// from here (`take`), and docs/configuration.md and .env.example are written from it.

/** How long a service waits for an answer of its database, in milliseconds, unless told otherwise. */
export const databaseTimeoutMs = 6_000;
/** How long a request may take to arrive, in milliseconds, unless told otherwise. */
export const requestTimeoutMs = 15_000;
/** How many connections may be open to a service at once, unless told otherwise. */
export const maxConnections = 10_000;

const postgres = () => url('postgres:', 'postgresql:');
const amqp = () => url('amqp:', 'amqps:');
const http = () => url('http:', 'https:');
const apiKey = () => z.string().refine(isApiKey, 'is no API key').meta({ takes: 'an API key (po_…)' });
const tenYearsInMinutes = 5_256_000;

const ofEachService = {
  PAID_ONCE_LAB: flag.describe(
    'lab mode: whoever reaches the ports may break and empty things, without a key. Never with real money.',
  ),
  PAID_ONCE_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('the address to listen on; beyond loopback lab mode refuses to start'),
  PAID_ONCE_LAB_NETWORK: oneOf(['container'])
    .optional()
    .describe('says that only a container’s own network reaches the port, so that lab mode may listen there'),
  PAID_ONCE_DB_TIMEOUT_MS: integer({ min: 600, max: 60_000, otherwise: databaseTimeoutMs }).describe(
    'how long an answer of the database is awaited, in milliseconds',
  ),
  PAID_ONCE_REQUEST_TIMEOUT_MS: integer({ min: 300, max: 60_000, otherwise: requestTimeoutMs }).describe(
    'how long the whole of a request may take to arrive, in milliseconds; two thirds of it for the headers',
  ),
  PAID_ONCE_MAX_CONNECTIONS: integer({ min: 1, max: 65_535, otherwise: maxConnections }).describe(
    'connections open at once; those above are closed as they come',
  ),
  PAID_ONCE_REQUESTS_PER_SECOND: integer({ min: 0, max: 1_000_000, otherwise: 0 }).describe(
    'requests that a client may send in a second to one process, else 429; 0: any number',
  ),
  PAID_ONCE_CRASH_AT: z
    .string()
    .meta({ takes: 'a crash point' })
    .optional()
    .describe('lab mode only: the process dies there, as by kill -9'),
  PAID_ONCE_LIFELINE: oneOf(['stdin'])
    .optional()
    .describe('stop when stdin ends: set by what starts a service'),
};

const ofPayments = {
  PAID_ONCE_PAYMENTS_PORT: port(8080).describe('where payments listens'),
  PAID_ONCE_PAYMENTS_DB_URL: postgres().describe('payments’ database, as the role that setup made for it'),
  PAID_ONCE_PAYMENTS_POOL: integer({ min: 2, max: 100, otherwise: 10 }).describe(
    'connections to the database',
  ),
  PAID_ONCE_PAYMENTS_BATCH: integer({ min: 1, max: 1_000, otherwise: 200 }).describe(
    'payments in one transaction, at most',
  ),
  PAID_ONCE_PAYMENTS_BACKLOG: integer({ min: 1, max: 100_000, otherwise: 2_000 }).describe(
    'payments in hand at once, those that wait included: what comes above is answered 503 at once',
  ),
  PAID_ONCE_DRAIN_MS: integer({ min: 0, max: 60_000, otherwise: 500 }).describe(
    'how long it still takes payments when it was told to stop and is not ready any more, in milliseconds: as long as it ' +
      'takes those who send them to notice, and some seconds less than until kill -9 (4 s by npm start, 8 s in containers)',
  ),
  PAID_ONCE_PAYMENTS_AMQP_URL: amqp()
    .optional()
    .describe(
      'lab mode only: how chapter 1 publishes beside its transaction; without it there is no chapter 1',
    ),
};

const ofTheRelay = {
  PAID_ONCE_RELAY_PORT: port(8082).describe('where the relay listens'),
  PAID_ONCE_RELAY_DB_URL: postgres().describe(
    'payments’ database, as the relay’s role; past every pooler: a session of it holds the locks',
  ),
  PAID_ONCE_RELAY_AMQP_URL: amqp().describe('RabbitMQ, as the relay’s user, with the virtual host'),
  PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: integer({ min: 100, max: 60_000, otherwise: 5_000 }).describe(
    'how long the broker may go without confirming anything, in milliseconds',
  ),
  PAID_ONCE_RELAY_SLICE: integer({ min: 1, max: 10_000, otherwise: 1_000 }).describe(
    'messages that are published before their confirms are awaited',
  ),
  PAID_ONCE_REPAIR_EVERY_SECONDS: integer({ min: 0, max: 86_400, otherwise: 60 }).describe(
    'how often what the broker has confirmed is looked for at the ledger, and published again where it is missing; 0: never',
  ),
  PAID_ONCE_RELAY_LEDGER_KEY: apiKey()
    .optional()
    .describe('what the relay shows the ledger to ask it that; setup makes it known there'),
  PAID_ONCE_REPLAY_PER_SECOND: integer({ min: 1, max: 100_000, otherwise: 500 }).describe(
    'messages of history, or dead letters, that a shard publishes again in a second, beside the live ones',
  ),
  PAID_ONCE_PAYMENTS_RETENTION_DB_URL: postgres()
    .optional()
    .describe('payments’ database, as the role that may remove history; without it nothing is removed'),
  PAID_ONCE_OUTBOX_RETENTION_MINUTES: integer({
    min: 1,
    max: tenYearsInMinutes,
    otherwise: 7 * 24 * 60,
  }).describe('how long what is published, and verified, stays for replays'),
};

const ofTheLedger = {
  PAID_ONCE_LEDGER_PORT: port(8081).describe('where the ledger listens'),
  PAID_ONCE_LEDGER_DB_URL: postgres().describe('the ledger’s database, as the role that setup made for it'),
  PAID_ONCE_LEDGER_AMQP_URL: amqp().describe('RabbitMQ, as the ledger’s user, with the virtual host'),
  PAID_ONCE_LEDGER_TRUSTS: list(/^[^,\s]+(,[^,\s]+)*$/, 'users')
    .default(['relay'])
    .describe(
      'the users of RabbitMQ whose messages are posted; whatever else comes is parked as forged. `unsigned` among them lets ' +
        'through what does not say by whom it is, such as what the release before has published',
    ),
  PAID_ONCE_LEDGER_PREFETCH: integer({ min: 1, max: 10_000, otherwise: 1_000 }).describe(
    'unacknowledged deliveries a queue: what is kept in memory while the database is away',
  ),
  PAID_ONCE_LEDGER_BATCH_SIZE: integer({ min: 1, max: 2_000, otherwise: 1_000 }).describe(
    'deliveries in one transaction, at most; two transactions run side by side',
  ),
  PAID_ONCE_RECONNECT_MAX_MS: integer({ min: 100, max: 60_000, otherwise: 2_000 }).describe(
    'the longest pause between two attempts to reach the broker, in milliseconds',
  ),
  PAID_ONCE_LEDGER_RETENTION_DB_URL: postgres()
    .optional()
    .describe('the ledger’s database, as the role that may forget messages; without it nothing is forgotten'),
  PAID_ONCE_INBOX_RETENTION_MINUTES: integer({
    min: 1,
    max: tenYearsInMinutes,
    otherwise: 14 * 24 * 60,
  }).describe(
    'how long the inbox remembers the messages it has seen: no shorter than the outbox’s retention',
  ),
};

const ofRelayAndLedger = {
  PAID_ONCE_HEARTBEAT_SECONDS: integer({ min: 1, max: 60, otherwise: 5 }).describe(
    'a link to RabbitMQ that is silent for two or three of these is given up',
  ),
  PAID_ONCE_RETENTION_EVERY_SECONDS: integer({ min: 0, max: 86_400, otherwise: 60 }).describe(
    'how often what is older than the retention is removed; 0: never',
  ),
};

const ofTheConsole = {
  PAID_ONCE_CONSOLE_PORT: port(3000).describe('where the console listens'),
  PAID_ONCE_CONSOLE_HOSTS: list(/^[\w.-]+(,[\w.-]+)*$/, 'host names')
    .default([])
    .describe('names under which the page is opened, beside localhost'),
  PAID_ONCE_CONSOLE_READ_ONLY: flag.describe('the page shows commands instead of buttons'),
  PAID_ONCE_SHOWN_URL: http()
    .optional()
    .describe('payments, as those who read the page reach it; default: PAID_ONCE_PAYMENTS_URL'),
};

const ofRelayAndConsole = {
  PAID_ONCE_STUCK_SECONDS: integer({ min: 1, max: 86_400, otherwise: 60 }).describe(
    'what waits, stays open, is nobody’s or does not answer for longer is told in the log, once when it begins and once when it is over',
  ),
};

const whereThePartsAre = {
  PAID_ONCE_PAYMENTS_URL: http()
    .default('http://127.0.0.1:8080')
    .describe('payments, for the console and the command line (there: at PAID_ONCE_PAYMENTS_PORT)'),
  PAID_ONCE_LEDGER_URL: http()
    .default('http://127.0.0.1:8081')
    .describe(
      'the ledger, for whoever asks it: the relay, payments in lab mode, the console, the command line',
    ),
  PAID_ONCE_RELAY_URL: http()
    .default('http://127.0.0.1:8082')
    .describe('the relay, for the console and the command line'),
  PAID_ONCE_LINK_URL: http()
    .default('http://127.0.0.1:8888')
    .describe('payments, through the link that can be cut'),
  PAID_ONCE_TOXIPROXY_URL: http()
    .optional()
    .describe('Toxiproxy’s API: what breaks links. Setup makes none without it, and the console shows none'),
  PAID_ONCE_LINK_PORT: port(8888).describe('where the breakable link to payments listens'),
  PAID_ONCE_TOXIPROXY_PORT: port(8474).describe('where what breaks links listens'),
  PAID_ONCE_API_KEY: apiKey()
    .optional()
    .describe('what the command line and the console show the services; lab mode needs none'),
};

const ofSetup = {
  PAID_ONCE_PAYMENTS_ADMIN_DB_URL: postgres().describe('payments’ database, as its owner'),
  PAID_ONCE_LEDGER_ADMIN_DB_URL: postgres().describe('the ledger’s database, as its owner'),
  PAID_ONCE_BROKER_ADMIN_URL: http().describe('RabbitMQ’s management API, as an administrator'),
  PAID_ONCE_BROKER_UPSTREAM: z
    .string()
    .meta({ takes: 'host:port' })
    .optional()
    .describe('where the broker speaks AMQP, for the links; default: the management API’s host, port 5672'),
  PAID_ONCE_PAYMENT_UPSTREAM: z
    .string()
    .meta({ takes: 'host:port' })
    .default('payment:8080')
    .describe('what the link `payment` leads to: payments, as the links’ process sees it'),
  PAID_ONCE_SHARDS: integer({ min: 1, max: 256, otherwise: 4 }).describe(
    'queues over which the ledger’s work is spread; given by payments’ database, where it is chosen once',
  ),
  PAID_ONCE_RUN_ID: z
    .uuid('is no UUID')
    .meta({ takes: 'a UUID' })
    .optional()
    .describe('what the ledger takes messages of; given by payments’ database'),
};

const ofTheLauncher = {
  PAID_ONCE_SERVERS: oneOf(['auto', 'containers', 'local'])
    .default('local')
    .describe('npm start, npm run demo and the tests: Postgres and RabbitMQ as processes, or as containers'),
  PAID_ONCE_INSTALL: oneOf(['auto', 'never'])
    .default('auto')
    .describe('whether RabbitMQ, and what else is missing, may be installed by apt'),
};

/** OpenTelemetry's own names; its exporter reads more of them. */
const ofTracing = {
  OTEL_EXPORTER_OTLP_ENDPOINT: http()
    .optional()
    .describe('where traces are sent to, by OTLP over HTTP; without it there are none'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: http().optional().describe('the same, with the whole path'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'is no number from 0 to 1')
    .transform(Number)
    .meta({ takes: '0 to 1' })
    .default(1)
    .describe('which share of the traces that begin here is kept'),
};
export const tracingSettings = z.object(ofTracing);

/** By who reads them, for the documentation. */
export const configurationParts = {
  'Each service': ofEachService,
  Payments: ofPayments,
  Relay: ofTheRelay,
  Ledger: ofTheLedger,
  'Relay and ledger': ofRelayAndLedger,
  'Relay and console': ofRelayAndConsole,
  Console: ofTheConsole,
  'Where the parts are': whereThePartsAre,
  Setup: ofSetup,
  'npm start, npm run demo, tests': ofTheLauncher,
  Traces: ofTracing,
};

export const configuration = {
  ...ofEachService,
  ...ofPayments,
  ...ofTheRelay,
  ...ofTheLedger,
  ...ofRelayAndLedger,
  ...ofRelayAndConsole,
  ...ofTheConsole,
  ...whereThePartsAre,
  ...ofSetup,
  ...ofTheLauncher,
};

/** Those of these names, for the schema of a program. */
export function take<const Name extends keyof typeof configuration>(
  ...names: Name[]
): Pick<typeof configuration, Name> {
  return Object.fromEntries(names.map((name) => [name, configuration[name]])) as Pick<
    typeof configuration,
    Name
  >;
}

/** What every service reads; an app's own schema extends it. */
export const serviceSettings = z.object(ofEachService);
export type ServiceSettings = z.infer<typeof serviceSettings>;
