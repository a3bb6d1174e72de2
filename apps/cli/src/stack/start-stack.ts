import { freePorts, startServers, type Servers, type ServersKind } from '@paid-once/infrastructure';
import { connectLinks, startStandIn, type LinkControl } from '@paid-once/links';
import { setUpSystem, type SetupDone } from '../set-up/set-up-system.js';
import type { ServiceName } from '../services.js';
import type { SystemPorts, SystemUrls } from '../settings.js';
import { Cleanup } from './cleanup.js';
import { passwordsIn, randomPasswords } from './passwords.js';
import {
  stackEnvironment,
  urlsAt,
  withInherited,
  type LinkPorts,
  type ServerAddresses,
} from './stack-environment.js';
import { SupervisedService } from './supervised-service.js';

export interface StackOptions {
  /** Which servers to start; default `local`. Not used with `given`. */
  kind?: ServersKind;
  /** `never` forbids to install RabbitMQ where it is missing. Default `auto`. */
  install?: 'auto' | 'never';
  /** Servers that run already: none are started, and none are stopped. */
  given?: ServerAddresses;
  /** Where data and passwords stay; without it everything is thrown away at the end. */
  directory?: string;
  /** Whether a crash of the machine must not lose what was committed (fsync). Default: only with a directory. */
  durable?: boolean;
  /** Default: free ones. */
  ports?: SystemPorts;
  /** How many of each service; the second and further ones take free ports. Default 1. */
  instances?: Partial<Record<ServiceName, number>>;
  /** Settings for all instances of a service, on top of the stack's own. */
  env?: Partial<Record<ServiceName, Record<string, string>>>;
  /** Default true. */
  lab?: boolean;
  /** Whether a service that dies is started again after a second. Default false. */
  restart?: boolean;
  /** Settings for both Postgres servers, as in postgresql.conf; not used with `given`. */
  postgresSettings?: Record<string, string | number>;
  /** Each line that a server or service writes. */
  onLine?: (name: string, line: string) => void;
  /** What happens, in lines for people. */
  say?: (line: string) => void;
  signal?: AbortSignal;
}

export interface Stack {
  urls: SystemUrls;
  /** All settings of this system: for `paid-once` verbs, or further services. */
  env: Readonly<Record<string, string>>;
  /** The first instance of each. */
  services: Record<ServiceName, SupervisedService>;
  /** All instances of each. */
  instances: Record<ServiceName, SupervisedService[]>;
  /** undefined with given servers. */
  servers: Servers | undefined;
  links: LinkControl;
  /** What setup has done. */
  setup: SetupDone;
  /** Throws the links' dice anew: the same connections break as after every other call with this seed. */
  reseed(seed: number): void;
  /** Stops everything that was started, in reverse; what has a directory stays there. */
  stop(): Promise<void>;
}

/**
 * A whole system on this machine: servers, links, setup, services; resolves when every service is ready.
 * When a step fails, what was started before is stopped.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const cleanup = new Cleanup();
  try {
    return await assemble(options, cleanup);
  } catch (error) {
    await cleanup.run().catch(() => {}); // the first failure is the one to tell
    throw error;
  }
}

async function assemble(options: StackOptions, cleanup: Cleanup): Promise<Stack> {
  const { directory, lab = true, say = () => {}, onLine = () => {}, signal } = options;
  const { servers, addresses } = await serversFor(options, cleanup);
  signal?.throwIfAborted();

  const ports = options.ports ?? (await freeStackPorts());
  const linkPorts = await freeLinkPorts();
  const passwords = directory === undefined ? randomPasswords() : await passwordsIn(directory);
  const env = stackEnvironment({ servers: addresses, passwords, ports, linkPorts, lab });

  const standIn = await startStandIn({
    port: ports.toxiproxy,
    hosts: { payment: `127.0.0.1:${ports.payments}` },
  });
  cleanup.add(() => standIn.stop());
  const setup = await setUpSystem({ env: withInherited(env), say, ...(signal && { signal }) });

  const instances = await startServices(options, env, cleanup, { say, onLine });
  const all = Object.values(instances).flat();
  say(`waiting for ${all.map(({ name }) => name).join(', ')} to be ready`);
  await Promise.all(all.map((service) => service.ready(signal)));
  return {
    urls: urlsAt(ports),
    env,
    services: {
      payments: first(instances.payments),
      relay: first(instances.relay),
      ledger: first(instances.ledger),
    },
    instances,
    servers,
    links: connectLinks(standIn.url),
    setup,
    reseed: (seed) => standIn.reseed(seed),
    stop: () => cleanup.run(),
  };
}

async function serversFor(
  {
    given,
    kind = 'local',
    install = 'auto',
    directory,
    durable = directory !== undefined,
    postgresSettings,
    onLine,
    say = () => {},
  }: StackOptions,
  cleanup: Cleanup,
): Promise<{ servers: Servers | undefined; addresses: ServerAddresses }> {
  if (given !== undefined) return { servers: undefined, addresses: given };
  say('starting two Postgres and RabbitMQ');
  const servers = await startServers({
    kind,
    install,
    say,
    durable,
    keep: directory !== undefined,
    ...(directory !== undefined && { directory }),
    ...(postgresSettings && { postgresSettings }),
    ...(onLine && { onLine }),
  });
  cleanup.add(() => servers.stop());
  const { paymentsDb, ledgerDb, broker } = servers;
  return {
    servers,
    addresses: {
      paymentsAdminDb: paymentsDb.adminUrl('payments'),
      ledgerAdminDb: ledgerDb.adminUrl('ledger'),
      brokerAdmin: broker.adminUrl,
      brokerUpstream: `127.0.0.1:${broker.amqpPort}`,
      vhost: broker.vhost,
    },
  };
}

async function startServices(
  options: StackOptions,
  env: Record<string, string>,
  cleanup: Cleanup,
  { say, onLine }: { say: (line: string) => void; onLine: (name: string, line: string) => void },
): Promise<Record<ServiceName, SupervisedService[]>> {
  const instances: Record<ServiceName, SupervisedService[]> = { payments: [], relay: [], ledger: [] };
  cleanup.add(() =>
    Promise.all(
      Object.values(instances)
        .flat()
        .map((service) => service.stop()),
    ),
  );
  for (const service of ['ledger', 'relay', 'payments'] as const) {
    for (let number = 1; number <= (options.instances?.[service] ?? 1); number++) {
      const variable = `PAID_ONCE_${service.toUpperCase()}_PORT`;
      const port = number === 1 ? env[variable] : String(first(await freePorts(1)));
      const name = number === 1 ? service : `${service}-${number}`;
      const started = new SupervisedService({
        service,
        name,
        url: `http://127.0.0.1:${port}`,
        env: withInherited({ ...forServices(env), [variable]: String(port), ...options.env?.[service] }),
        restart: options.restart ?? false,
        onLine: (line) => onLine(name, line),
        say,
      });
      instances[service].push(started);
    }
  }
  return instances;
}

/** A service never sees an administrator's password. */
function forServices(env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.includes('_ADMIN_')));
}

async function freeStackPorts(): Promise<SystemPorts> {
  const [payments = 0, ledger = 0, relay = 0, link = 0, toxiproxy = 0] = await freePorts(5);
  return { payments, ledger, relay, link, toxiproxy };
}

async function freeLinkPorts(): Promise<LinkPorts> {
  const [paymentsPostgres = 0, relayPostgres = 0, ledgerPostgres = 0] = await freePorts(3);
  const [paymentsRabbitmq = 0, relayRabbitmq = 0, ledgerRabbitmq = 0] = await freePorts(3);
  return {
    paymentsPostgres,
    paymentsRabbitmq,
    relayPostgres,
    relayRabbitmq,
    ledgerRabbitmq,
    ledgerPostgres,
  };
}

function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error('Bug: at least one was wanted');
  return item;
}
