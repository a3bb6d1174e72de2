import { randomBytes } from 'node:crypto';
import { postgresImage, rabbitMqImage } from './container-engine.js';
import { runContainer, type RunningContainer } from './running-container.js';
import { freePorts } from './ports.js';
import { adminName, answersQueries, createDatabase, postgresUrl } from './postgres-client.js';
import { answersManagement, RabbitAddress } from './rabbitmq-address.js';
import { brokerAdmin, brokerVhost } from './rabbitmq-files.js';
import type { OnLine, PostgresServer, RabbitServer, Server } from './server.js';

/**
 * Starts a Postgres in a container; its data live as long as the container, over `kill` and `restart` until `stop`.
 * @throws Error telling what it wrote, when it does not come up
 */
export async function startPostgresContainer(options: {
  port?: number;
  durable: boolean;
  settings?: Record<string, string | number>;
  onLine?: OnLine;
}): Promise<PostgresServer> {
  const { durable, settings, onLine } = options;
  const [port = 0] = options.port ? [options.port] : await freePorts(1);
  const password = randomBytes(18).toString('hex');
  const effective = { max_connections: 200, timezone: 'UTC', fsync: durable ? 'on' : 'off', ...settings };
  const adminUrl = (database: string): string => postgresUrl(port, password, database);
  const container = await runContainer({
    image: postgresImage,
    environment: {
      POSTGRES_USER: adminName,
      POSTGRES_PASSWORD: password,
      POSTGRES_DB: 'postgres',
      POSTGRES_INITDB_ARGS: '--auth=scram-sha-256 --encoding=UTF8 --no-locale --data-checksums',
    },
    command: [
      'postgres',
      ...Object.entries(effective).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    ports: { 5432: port },
    isReady: () => answersQueries(adminUrl('postgres')),
    onLine,
  });
  return {
    ...serverOf(container),
    port,
    adminUrl,
    createDatabase: (name) => createDatabase(adminUrl('postgres'), name),
  };
}

/**
 * Starts a RabbitMQ with its management API in a container, without guest user.
 * @throws Error telling what it wrote, when it does not come up
 */
export async function startRabbitMqContainer(options: {
  ports?: { amqp?: number; management?: number };
  onLine?: OnLine;
}): Promise<RabbitServer> {
  const { onLine } = options;
  const [amqp = 0, management = 0] = await freePorts(2);
  const ports = { amqp: options.ports?.amqp ?? amqp, management: options.ports?.management ?? management };
  const password = randomBytes(18).toString('hex');
  const address = new ContainerAddress(password, ports.amqp, ports.management);
  const container = await runContainer({
    image: rabbitMqImage,
    environment: {
      RABBITMQ_DEFAULT_USER: brokerAdmin,
      RABBITMQ_DEFAULT_PASS: password,
      RABBITMQ_DEFAULT_VHOST: brokerVhost,
      // Not named after the container's random host name: the data belong to the name.
      RABBITMQ_NODENAME: 'paid-once@localhost',
    },
    ports: { 5672: ports.amqp, 15672: ports.management },
    isReady: async () => ((await answersManagement(address.adminUrl)) ? true : undefined),
    onLine,
  });
  const ctl = (args: string[]): Promise<string> => container.exec(['rabbitmqctl', '-q', ...args]);
  return Object.assign(address, serverOf(container), { ctl });
}

class ContainerAddress extends RabbitAddress {
  constructor(
    password: string,
    readonly amqpPort: number,
    readonly managementPort: number,
  ) {
    super(password);
  }
}

function serverOf(container: RunningContainer): Server {
  return {
    pid: undefined,
    state: () => container.state(),
    kill: (signal) => container.kill(signal),
    stop: () => container.remove(),
    restart: ({ quick = false } = {}) => container.restart(quick),
  };
}
