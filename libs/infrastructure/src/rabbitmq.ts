import { connect } from 'node:net';
import { join } from 'node:path';
import { findRabbitMq, RabbitMqMissing } from './install-rabbitmq.js';
import { startOnLifeline } from './lifeline.js';
import { assertFree } from './ports.js';
import { answersManagement, RabbitAddress } from './rabbitmq-address.js';
import { choosePorts, rabbitEnvironment, writeRabbitFiles, type RabbitPorts } from './rabbitmq-files.js';
import { becomesReady } from './readiness.js';
import type { RunningProcess } from './running-process.js';
import { runToEnd } from './run-to-end.js';
import { keptPassword } from './secret-file.js';
import type { OnLine, ProcessState, RabbitServer } from './server.js';
import { isReachable, privateDirectory, removeTree } from './state-directory.js';
import { unprivilegedUser } from './unprivileged.js';

export interface RabbitMqOptions {
  /** Holds the node's data, files and passwords; made when missing. */
  directory: string;
  /** Chosen freely when not given; a later start keeps them while they are free. */
  ports?: { amqp?: number; management?: number };
  plugins?: string[];
  /** false: `stop` removes the directory, and so does the end of this process. */
  keep?: boolean;
  /** An unpacked RabbitMQ to use instead of the system's. */
  home?: string;
  onLine?: OnLine;
}

/**
 * Starts a RabbitMQ node of our own on loopback, with its own epmd, cookie and administrator and no guest user, and
 * resolves when it has booted and its management API answers.
 * @throws RabbitMqMissing when none is installed: `ensureRabbitMq` installs it
 * @throws Error telling what RabbitMQ said, when it does not come up
 */
export async function startRabbitMq(options: RabbitMqOptions): Promise<RabbitServer> {
  const { directory, home } = options;
  const installation = await findRabbitMq({ home });
  if (!installation) throw new RabbitMqMissing('and this start installs nothing');
  await privateDirectory(directory);
  if (!(await isReachable(directory))) {
    throw new Error(
      `${directory} cannot be reached by the user nobody, as whom RabbitMQ runs: choose one under /var/tmp`,
    );
  }
  const password = await keptPassword(join(directory, 'password'));
  const rabbit = new LocalRabbit(options, installation.directory, password);
  await rabbit.start();
  return rabbit;
}

const stoppedMeanwhile = 'RabbitMQ was stopped while it started';
const defaultPlugins = ['rabbitmq_management'];

class LocalRabbit extends RabbitAddress implements RabbitServer {
  private ports: RabbitPorts | undefined;
  private epmd: RunningProcess | undefined;
  private node: RunningProcess | undefined;
  private booted = false;
  /** What was asked for last: a start that takes its time gives up when it is not wanted any more. */
  private wanted = true;
  private starting: Promise<void> | undefined;

  constructor(
    private readonly options: RabbitMqOptions,
    private readonly scripts: string,
    password: string,
  ) {
    super(password);
  }

  get pid(): number | undefined {
    return this.node?.pid;
  }

  get amqpPort(): number {
    return this.ports?.amqp ?? 0;
  }

  get managementPort(): number {
    return this.ports?.management ?? 0;
  }

  async ctl(args: string[]): Promise<string> {
    const { directory } = this.options;
    const env = rabbitEnvironment(directory, this.knownPorts());
    return runToEnd([join(this.scripts, 'rabbitmqctl'), '-q', ...args], {
      cwd: directory,
      env,
      user: unprivilegedUser(),
    });
  }

  async state(): Promise<ProcessState> {
    return this.node?.state ?? 'dead';
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.node?.kill(signal);
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
    const { directory, ports, plugins = defaultPlugins } = this.options;
    const asked = { ...ports, ...(this.ports && { amqp: this.amqpPort, management: this.managementPort }) };
    // A port that was free when it was chosen may be taken at boot: then others are tried, as far as none was asked for.
    for (let triesLeft = 2; ; triesLeft--) {
      this.ports = await choosePorts(directory, asked);
      await assertFree(this.ports.amqp, this.ports.management);
      await writeRabbitFiles(directory, this.ports, plugins, this.password);
      const said = await this.boot(this.ports, plugins);
      if (said === undefined && this.wanted) return;
      await this.end(true);
      if (!this.wanted || said === undefined) throw new Error(stoppedMeanwhile);
      if (triesLeft > 0 && /eaddrinuse|address already in use|could not bind/i.test(said)) continue;
      throw new Error(`RabbitMQ did not start in ${directory}. It said:\n${said}`);
    }
  }

  /** @returns undefined when the node is ready, else what it said */
  private async boot(ports: RabbitPorts, plugins: string[]): Promise<string | undefined> {
    const { directory, keep, onLine = () => {} } = this.options;
    const common = {
      cwd: directory,
      env: rabbitEnvironment(directory, ports),
      user: unprivilegedUser(),
      // At once, as it survives kill -9: while it took its time, it might start an epmd that nobody ends.
      gentleSignal: 'SIGKILL' as const,
    };
    // Started here, because the one that a node starts becomes a daemon that outlives us all.
    this.epmd = await startOnLifeline({
      ...common,
      name: 'epmd',
      command: ['epmd', '-address', '127.0.0.1', '-port', String(ports.epmd)],
      onLine,
    });
    if (!(await becomesReady(this.epmd, () => accepts(ports.epmd)))) return this.epmd.lastLines();
    if (!this.wanted) return stoppedMeanwhile;
    this.booted = false;
    const node = await startOnLifeline({
      ...common,
      name: 'rabbitmq',
      command: [join(this.scripts, 'rabbitmq-server')],
      leftover: keep === false ? directory : undefined,
      onLine: (line) => {
        if (line.includes('Server startup complete')) this.booted = true;
        onLine(line);
      },
    });
    this.node = node;
    if (!this.wanted) return stoppedMeanwhile;
    const managed = plugins.includes('rabbitmq_management');
    const ready = await becomesReady(node, async () =>
      this.booted && (!managed || (await answersManagement(this.adminUrl))) ? true : undefined,
    );
    return ready ? undefined : node.lastLines();
  }

  /** Gently it flushes and says goodbye, which takes 6 s with the management plugin. */
  private async end(quick: boolean): Promise<void> {
    await this.node?.stop({ signal: quick ? 'SIGKILL' : 'SIGTERM', limitMs: 30_000 });
    await this.epmd?.stop({ limitMs: 2_000 });
  }

  private knownPorts(): RabbitPorts {
    if (!this.ports) throw new Error('Bug: RabbitMQ was asked for its ports before it was started');
    return this.ports;
  }
}

async function accepts(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(undefined));
    socket.once('connect', () => socket.destroy());
  });
}
