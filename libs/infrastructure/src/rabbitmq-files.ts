import { createHash, randomBytes } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { freePorts, isFree } from './ports.js';
import { writeServerFile } from './secret-file.js';

/** What a node listens on; clients know the first two, the others are between it, its epmd and its tools. */
export interface RabbitPorts {
  amqp: number;
  management: number;
  distribution: number;
  epmd: number;
}

export const brokerVhost = 'paid-once';
export const brokerAdmin = 'admin';

/**
 * Chooses a node's ports: those asked for, else those of its last start while they are free, so that what was told of
 * them stays true.
 */
export async function choosePorts(directory: string, asked: Partial<RabbitPorts>): Promise<RabbitPorts> {
  const file = join(directory, 'ports.json');
  const last = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Partial<RabbitPorts>;
  const [amqp = 0, management = 0, distribution = 0, epmd = 0] = await freePorts(4);
  const ports = {
    amqp: asked.amqp ?? (await ifFree(last.amqp)) ?? amqp,
    management: asked.management ?? (await ifFree(last.management)) ?? management,
    distribution,
    epmd,
  };
  await writeServerFile(file, JSON.stringify(ports), 0o600);
  return ports;
}

async function ifFree(port: number | undefined): Promise<number | undefined> {
  return port !== undefined && (await isFree(port)) ? port : undefined;
}

/** Everything a node reads at boot: no guest user, its administrator and virtual host, loopback only. */
export async function writeRabbitFiles(
  directory: string,
  ports: RabbitPorts,
  plugins: string[],
  password: string,
): Promise<void> {
  const files: Record<string, string> = {
    enabled_plugins: `[${plugins.join(',')}].\n`,
    // Without it the node would read /etc/rabbitmq/rabbitmq-env.conf, which belongs to the system's own node.
    'env.conf': '',
    'definitions.json': JSON.stringify(definitions(password), undefined, 2),
    'rabbitmq.conf': configuration(directory, ports, plugins),
  };
  for (const [name, text] of Object.entries(files)) await writeServerFile(join(directory, name), text, 0o600);
  const cookie = join(directory, '.erlang.cookie');
  const hasCookie = await access(cookie).then(
    () => true,
    () => false,
  );
  // Node and rabbitmqctl would both make one: made before, they cannot differ. Erlang insists on 0400.
  if (!hasCookie) await writeServerFile(cookie, randomBytes(20).toString('hex'), 0o400);
}

/** The environment of the node, its epmd and rabbitmqctl: nothing of the system's own node shines through. */
export function rabbitEnvironment(directory: string, ports: RabbitPorts): Record<string, string> {
  const schedulers = Math.min(4, availableParallelism());
  const loopback = '-kernel inet_dist_use_interface {127,0,0,1}';
  return {
    HOME: directory,
    // Not named after host or port: the data belong to the name, and must be found again when those change.
    RABBITMQ_NODENAME: 'paid-once@localhost',
    RABBITMQ_CONF_ENV_FILE: join(directory, 'env.conf'),
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(directory, 'data'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(directory, 'config'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: join(directory, 'pid'),
    RABBITMQ_DIST_PORT: String(ports.distribution),
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // Its schedulers sleep instead of spinning while they wait for work: other servers share the machine.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `+sbwt none +sbwtdcpu none +sbwtdio none +S ${schedulers}:${schedulers} ${loopback}`,
    RABBITMQ_CTL_ERL_ARGS: loopback,
    // The start script becomes the node (exec) instead of waiting for it as its parent: signals reach the node itself.
    RUNNING_UNDER_SYSTEMD: 'true',
    ERL_CRASH_DUMP_BYTES: '0',
  };
}

function configuration(directory: string, ports: RabbitPorts, plugins: string[]): string {
  const management = plugins.includes('rabbitmq_management')
    ? ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${ports.management}`]
    : [];
  return [
    `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
    ...management,
    `load_definitions = ${join(directory, 'definitions.json')}`,
    'log.console = true',
    'log.console.level = info',
    'log.file = false',
    '',
  ].join('\n');
}

/** Since there are definitions, the node makes no guest user. */
function definitions(password: string): object {
  const everything = { configure: '.*', write: '.*', read: '.*' };
  return {
    vhosts: [{ name: brokerVhost }],
    users: [
      {
        name: brokerAdmin,
        password_hash: passwordHash(password),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: 'administrator',
      },
    ],
    permissions: [{ user: brokerAdmin, vhost: brokerVhost, ...everything }],
  };
}

/** @see https://www.rabbitmq.com/docs/passwords#computing-password-hash */
function passwordHash(password: string): string {
  const salt = randomBytes(4);
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}
