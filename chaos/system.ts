import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BrokerAdmin } from '@paid-once/broker';
import { ensureFaketime, setClock, settableClockEnvironment, type Servers } from '@paid-once/infrastructure';
import { Client } from 'pg';
import { setUpSystem } from '../apps/cli/src/set-up/set-up-system.js';
import { withInherited } from '../apps/cli/src/stack/stack-environment.js';
import { startStack, type Stack } from '../apps/cli/src/stack/start-stack.js';
import type { SupervisedService } from '../apps/cli/src/stack/supervised-service.js';
import { processNames, type Service } from './fault.js';
import { Leaks } from './leaks.js';

export type Side = 'payments' | 'ledger';

/** Short, so that a run of a minute sees what otherwise takes several. */
const settings = {
  payments: { PAID_ONCE_DRAIN_MS: '0' },
  // Windows of several slices; and repair would find and publish again whatever was lost, before anybody looks.
  relay: {
    PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: '1000',
    PAID_ONCE_RELAY_SLICE: '3',
    PAID_ONCE_REPAIR_EVERY_SECONDS: '0',
  },
  ledger: {},
};

/** A whole system of its own with two of each process, and the hands that break it. */
export class ChaosSystem {
  readonly broker: BrokerAdmin;
  readonly leaks: Leaks;
  /** Processes that ended although nobody had killed them. */
  readonly unexpectedExits: string[] = [];
  /** Of our processes. */
  logLines = 0;
  /** How often a relay had sent messages and got no confirm: it publishes them again. */
  lostConfirms = 0;
  private readonly doomed = new Set<string>();

  private constructor(
    readonly stack: Stack,
    readonly servers: Servers,
    private readonly clocks: Readonly<Record<Service, string>> | undefined,
    secrets: string[],
  ) {
    this.broker = new BrokerAdmin(servers.broker.adminUrl);
    this.leaks = new Leaks(secrets);
  }

  /** @param directory keeps all of it @param say told what happens */
  static async start(options: {
    directory: string;
    clocks: boolean;
    onLine: (name: string, line: string) => void;
    say: (line: string) => void;
  }): Promise<ChaosSystem> {
    const { directory, say } = options;
    if (options.clocks) await ensureFaketime(say, 'auto');
    const clocks = options.clocks ? clockFiles(directory) : undefined;
    const early: [string, string][] = [];
    let system: ChaosSystem | undefined;
    const onLine = (name: string, line: string) => {
      options.onLine(name, line);
      if (system) system.see(name, line);
      else early.push([name, line]);
    };
    const stack = await startStack({
      kind: 'local',
      instances: { payments: 2, relay: 2, ledger: 2 },
      restart: true,
      directory: join(directory, 'data'),
      env: await environmentOf(clocks),
      say: (line) => (system ? system.hear(line) : say(line)),
      onLine,
    });
    if (!stack.servers) throw new Error('Bug: no servers were started');
    system = new ChaosSystem(stack, stack.servers, clocks, secretsIn(stack.env));
    for (const [name, line] of early) system.see(name, line);
    return system;
  }

  get vhost(): string {
    return this.servers.broker.vhost;
  }

  get relayUser(): string {
    return new URL(this.stack.env['PAID_ONCE_RELAY_AMQP_URL'] ?? '').username;
  }

  process(name: string): SupervisedService {
    const found = Object.values(this.stack.instances)
      .flat()
      .find((each) => each.name === name);
    if (!found) throw new Error(`There is no process ${name}.`);
    return found;
  }

  get processes(): SupervisedService[] {
    return processNames.map((name) => this.process(name));
  }

  async kill(name: string, signal: NodeJS.Signals): Promise<void> {
    this.doomed.add(name);
    await this.process(name).kill(signal);
  }

  /** It dies when it next gets to this point, if it ever does. */
  async armCrash(name: string, point: string): Promise<void> {
    this.doomed.add(name);
    const { url } = this.process(name);
    const response = await fetch(`${url}/lab/crash`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ point }),
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`${name} cannot be armed: ${response.status} ${await response.text()}`);
  }

  /** Asks one of the databases as its owner, past every service and link. */
  async sql<Row extends object>(side: Side, statement: string): Promise<Row[]> {
    const client = await this.connected(side);
    try {
      return (await client.query<Row>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** Leaves a transaction open that has done this. @returns what ends it */
  async holdTransaction(side: Side, statement: string): Promise<() => Promise<void>> {
    const client = await this.connected(side);
    await client.query('BEGIN');
    await client.query('SET LOCAL lock_timeout = 3000');
    await client.query(statement);
    return () => client.end();
  }

  async setClock(service: Service, seconds: number): Promise<void> {
    if (!this.clocks) throw new Error('The clocks of this run cannot be set.');
    await setClock(this.clocks[service], `${seconds < 0 ? '' : '+'}${seconds}`);
  }

  async setUpAgain(): Promise<void> {
    await setUpSystem({ env: withInherited(this.stack.env), say: () => {} });
  }

  /** Waits until every process is ready. @throws CliFailure one is not within `limitMs` */
  async ready(limitMs: number): Promise<void> {
    await Promise.all(this.processes.map((process) => process.ready(undefined, limitMs)));
  }

  private async connected(side: Side): Promise<Client> {
    const client = new Client({ connectionString: this.servers[`${side}Db`].adminUrl(side) });
    client.on('error', () => {}); // its server may be the next to die
    await client.connect();
    return client;
  }

  /** As the supervisor says it: `ledger-2 died (SIGKILL): starts again in 1 s`. */
  private hear(line: string): void {
    const [, name, how] = /^(\S+) (?:died|has ended) (.*)$/.exec(line) ?? [];
    if (name === undefined) return;
    if (this.doomed.delete(name)) return;
    this.unexpectedExits.push(`${name} ended by itself ${how}`);
  }

  private see(name: string, line: string): void {
    if (processNames.includes(name)) this.logLines++;
    if (name.startsWith('relay') && line.includes('ConfirmTimeout')) this.lostConfirms++;
    this.leaks.lookForSecrets(`a log line of ${name}`, line);
  }
}

function clockFiles(directory: string): Record<Service, string> {
  const folder = join(directory, 'clocks');
  mkdirSync(folder, { recursive: true });
  const fileOf = (service: Service) => join(folder, service);
  return { payments: fileOf('payments'), relay: fileOf('relay'), ledger: fileOf('ledger') };
}

async function environmentOf(
  clocks: Readonly<Record<Service, string>> | undefined,
): Promise<Record<Service, Record<string, string>>> {
  const clockOf = async (service: Service) => (clocks ? settableClockEnvironment(clocks[service]) : {});
  return {
    payments: { ...settings.payments, ...(await clockOf('payments')) },
    relay: { ...settings.relay, ...(await clockOf('relay')) },
    ledger: { ...settings.ledger, ...(await clockOf('ledger')) },
  };
}

function secretsIn(env: Readonly<Record<string, string>>): string[] {
  const passwords = Object.values(env)
    .filter((value) => URL.canParse(value))
    .map((value) => decodeURIComponent(new URL(value).password));
  return [...new Set([...passwords, env['PAID_ONCE_RELAY_LEDGER_KEY'] ?? ''])].filter(
    (each) => each.length > 7,
  );
}
