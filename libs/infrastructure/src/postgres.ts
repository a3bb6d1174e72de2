import { access, realpath, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startOnLifeline } from './lifeline.js';
import { poll } from './poll.js';
import { assertFree, freePorts } from './ports.js';
import { postgresBinaries } from './postgres-binaries.js';
import { adminName, answersQueries, createDatabase, postgresUrl } from './postgres-client.js';
import { processesIn } from './process-table.js';
import { becomesReady } from './readiness.js';
import { sendSignal, type RunningProcess } from './running-process.js';
import { keptPassword } from './secret-file.js';
import type { OnLine, PostgresServer, ProcessState } from './server.js';
import { isReachable, privateDirectory, removeTree } from './state-directory.js';
import { unprivilegedUser } from './unprivileged.js';

export interface PostgresOptions {
  /** Holds the cluster and its password; made when missing, and started again when it holds a cluster already. */
  directory: string;
  /** Chosen freely when not given; it may change between two starts. */
  port?: number;
  /** false: fsync is off, for tests. It survives kill -9 all the same, only not a power cut. */
  durable: boolean;
  /** Server settings as in postgresql.conf. */
  settings?: Record<string, string | number>;
  /** false: `stop` removes the directory, and so does the end of this process. */
  keep?: boolean;
  /** The directory with bin/postgres and bin/initdb; default: those of the npm package. */
  binaries?: string;
  onLine?: OnLine;
}

/**
 * Starts a Postgres of our own on loopback, and resolves when it answers queries.
 * @throws Error telling what Postgres said and what to do, when it does not come up
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { directory } = options;
  await privateDirectory(directory);
  if (!(await isReachable(directory))) {
    throw new Error(
      `${directory} cannot be reached by the user nobody, as whom Postgres runs: choose one under /var/tmp`,
    );
  }
  const binaries = options.binaries ?? (await postgresBinaries());
  const password = await keptPassword(join(directory, 'password'));
  await createCluster(binaries, options);
  const postgres = new LocalPostgres(options, binaries, password);
  await postgres.start();
  return postgres;
}

class LocalPostgres implements PostgresServer {
  port = 0;
  private process: RunningProcess | undefined;
  /** What was asked for last: a start that takes its time gives up when it is not wanted any more. */
  private wanted = true;
  private starting: Promise<void> | undefined;
  /** As the system names it, links resolved. */
  private data = '';

  constructor(
    private readonly options: PostgresOptions,
    private readonly binaries: string,
    private readonly password: string,
  ) {}

  get pid(): number | undefined {
    return this.process?.pid;
  }

  adminUrl(database: string): string {
    return postgresUrl(this.port, this.password, database);
  }

  async createDatabase(name: string): Promise<void> {
    await createDatabase(this.adminUrl('postgres'), name);
  }

  async state(): Promise<ProcessState> {
    return this.process?.state ?? 'dead';
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.process?.kill(signal);
  }

  async stop(options: { quick?: boolean } = {}): Promise<void> {
    this.wanted = false;
    await this.end(options.quick ?? false);
    await this.starting?.catch(() => {}); // its caller is told
    if (this.options.keep === false) await removeTree(this.options.directory);
  }

  async restart(options: { quick?: boolean } = {}): Promise<void> {
    this.wanted = true;
    await this.end(options.quick ?? false);
    await this.start();
  }

  async start(): Promise<void> {
    this.starting = this.untilReady();
    await this.starting;
  }

  private async untilReady(): Promise<void> {
    if (!this.wanted) throw new Error(stoppedMeanwhile);
    this.data = await realpath(join(this.options.directory, 'data'));
    await waitForOldServer(this.data, this.options.onLine);
    const chosen = this.options.port ?? (this.port || undefined);
    // A port that is free now may be taken a moment later: then another one is tried, unless it was asked for.
    for (let triesLeft = chosen ? 0 : 2; ; triesLeft--) {
      const [port = 0] = chosen ? [chosen] : await freePorts(1);
      await assertFree(port);
      this.port = port;
      const running = await this.run(port);
      if (this.wanted && (await becomesReady(running, () => this.answers()))) return;
      const said = running.lastLines();
      await running.stop({ signal: 'SIGQUIT', limitMs: 1_000 });
      if (!this.wanted) throw new Error(stoppedMeanwhile);
      if (triesLeft > 0 && /could not bind/i.test(said)) continue;
      throw new Error(`Postgres did not start in ${this.data}. It said:\n${said}`);
    }
  }

  private answers(): Promise<true | undefined> {
    return answersQueries(this.adminUrl('postgres'));
  }

  private async run(port: number): Promise<RunningProcess> {
    const { directory, durable, settings, keep, onLine } = this.options;
    const effective = { ...fixedSettings, fsync: durable ? 'on' : 'off', ...settings, port };
    this.process = await startOnLifeline({
      name: 'postgres',
      command: [
        join(this.binaries, 'bin/postgres'),
        '-D',
        this.data,
        ...Object.entries(effective).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      cwd: this.data,
      env: {},
      user: unprivilegedUser(),
      gentleSignal: keep === false ? 'SIGQUIT' : 'SIGINT',
      leftover: keep === false ? directory : undefined,
      onLine,
    });
    return this.process;
  }

  /** SIGINT closes connections and writes a checkpoint; SIGQUIT leaves that to the next start. SIGTERM would wait for clients. */
  private async end(quick: boolean): Promise<void> {
    const how = quick
      ? { signal: 'SIGQUIT' as const, limitMs: 2_000 }
      : { signal: 'SIGINT' as const, limitMs: 20_000 };
    await this.process?.stop(how);
    if (await isDeserted(this.data, 5_000)) return;
    for (const backend of processesIn(this.data)) sendSignal(backend, 'SIGKILL');
  }
}

const stoppedMeanwhile = 'Postgres was stopped while it started';

const fixedSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** Makes the cluster beside its place and moves it there: what has the right name was finished. */
async function createCluster(binaries: string, options: PostgresOptions): Promise<void> {
  const { directory, durable, keep, onLine } = options;
  const data = join(directory, 'data');
  const isThere = await access(join(data, 'PG_VERSION')).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const unfinished = `${data}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const command = [
    join(binaries, 'bin/initdb'),
    `--pgdata=${unfinished}`,
    `--username=${adminName}`,
    `--pwfile=${join(directory, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--no-locale',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
  const making = await startOnLifeline({
    name: 'initdb',
    command,
    cwd: directory,
    env: { TZ: 'UTC' },
    user: unprivilegedUser(),
    gentleSignal: 'SIGTERM',
    leftover: keep === false ? directory : undefined,
    onLine,
  });
  const { code } = await making.exited;
  if (code !== 0)
    throw new Error(`Postgres could not make a cluster in ${directory}. It said:\n${making.lastLines()}`);
  await rename(unfinished, data);
}

/**
 * After a kill -9 of the postmaster its backends may still be at work, and its lock file names a process id that
 * somebody else may have by now. The first are waited for, then the second means nothing.
 */
async function waitForOldServer(data: string, onLine: OnLine = () => {}): Promise<void> {
  if (process.platform !== 'linux') return;
  const [old] = processesIn(data);
  if (old !== undefined) onLine(`waiting for the Postgres that still runs in ${data} (process ${old})`);
  if (!(await isDeserted(data, 15_000))) {
    throw new Error(
      `another Postgres (process ${processesIn(data)[0]}) runs in ${data}: stop that one first`,
    );
  }
  await rm(join(data, 'postmaster.pid'), { force: true });
}

/** Whether the backends, which outlive a killed postmaster for a moment, are gone within `limitMs` milliseconds. */
async function isDeserted(data: string, limitMs: number): Promise<boolean> {
  return (await poll(() => (processesIn(data).length === 0 ? true : undefined), limitMs)) ?? false;
}
