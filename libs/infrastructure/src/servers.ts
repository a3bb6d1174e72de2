import { join } from 'node:path';
import { startPostgresContainer, startRabbitMqContainer } from './containers.js';
import { ensureRabbitMq } from './install-rabbitmq.js';
import { startPostgres } from './postgres.js';
import { startRabbitMq } from './rabbitmq.js';
import type { PostgresServer, RabbitServer, Server, ServerPorts, Servers, ServersKind } from './server.js';
import { throwAwayDirectory, type ThrowAwayDirectory } from './state-directory.js';

export interface ServersOptions {
  kind: ServersKind;
  /** Where local servers have their data; a throw-away directory when not given. Containers keep theirs inside. */
  directory?: string;
  /** false: Postgres runs without fsync, for tests. */
  durable: boolean;
  /** Local servers only: the data in `directory` outlive `stop`. */
  keep: boolean;
  ports?: ServerPorts;
  /** Settings for both Postgres servers, as in postgresql.conf. */
  postgresSettings?: Record<string, string | number>;
  onLine?: (server: keyof ServerNames, line: string) => void;
  /** `never` forbids to install RabbitMQ where it is missing. */
  install?: 'auto' | 'never';
  /** What happens, in lines for people. */
  say?: (line: string) => void;
}

interface ServerNames {
  paymentsDb: PostgresServer;
  ledgerDb: PostgresServer;
  broker: RabbitServer;
}

/**
 * Starts the three servers of a run in parallel and creates the databases `payments` and `ledger`.
 * @throws the first server's error, when one does not come up; the others are stopped then
 */
export async function startServers(options: ServersOptions): Promise<Servers> {
  const needsPlace = options.kind === 'local' && options.directory === undefined;
  const throwAway = needsPlace ? await throwAwayDirectory('servers') : undefined;
  const keep = options.keep && options.kind === 'local' && throwAway === undefined;
  const directory = options.directory ?? throwAway?.path ?? '';
  const starts = {
    paymentsDb: startDatabase('paymentsDb', 'payments', directory, { ...options, keep }),
    ledgerDb: startDatabase('ledgerDb', 'ledger', directory, { ...options, keep }),
    broker: startBroker(directory, { ...options, keep }),
  };
  const outcomes = await Promise.allSettled([starts.paymentsDb, starts.ledgerDb, starts.broker]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await stopAll(started, true, throwAway);
    throw failed.reason;
  }
  const [paymentsDb, ledgerDb, broker] = [
    await starts.paymentsDb,
    await starts.ledgerDb,
    await starts.broker,
  ];
  return {
    kind: options.kind,
    paymentsDb,
    ledgerDb,
    broker,
    stop: () => stopAll([paymentsDb, ledgerDb, broker], !keep, throwAway),
  };
}

async function startDatabase(
  server: 'paymentsDb' | 'ledgerDb',
  database: string,
  directory: string,
  options: ServersOptions,
): Promise<PostgresServer> {
  const { kind, durable, keep, ports, postgresSettings: settings } = options;
  const common = { port: ports?.[server], durable, settings, onLine: lineOf(server, options) };
  const postgres =
    kind === 'local'
      ? await startPostgres({ ...common, directory: join(directory, `${database}-db`), keep })
      : await startPostgresContainer(common);
  try {
    await postgres.createDatabase(database);
  } catch (error) {
    await postgres.stop({ quick: true });
    throw error;
  }
  return postgres;
}

async function startBroker(directory: string, options: ServersOptions): Promise<RabbitServer> {
  const { kind, keep, ports, install = 'auto', say = () => {} } = options;
  const common = { ports, onLine: lineOf('broker', options) };
  if (kind === 'containers') return startRabbitMqContainer(common);
  await ensureRabbitMq(say, { install });
  return startRabbitMq({ ...common, directory: join(directory, 'broker'), keep });
}

function lineOf(server: keyof ServerNames, { onLine }: ServersOptions): ((line: string) => void) | undefined {
  return onLine && ((line) => onLine(server, line));
}

async function stopAll(
  servers: Server[],
  quick: boolean,
  throwAway: ThrowAwayDirectory | undefined,
): Promise<void> {
  const stops = await Promise.allSettled(servers.map((server) => server.stop({ quick })));
  await throwAway?.remove();
  const failed = stops.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
