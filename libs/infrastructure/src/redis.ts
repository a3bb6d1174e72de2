import { connect } from 'node:net';
import { join } from 'node:path';
import { findRedis, RedisMissing } from './install-redis.js';
import { startOnLifeline } from './lifeline.js';
import { assertFree, freePorts } from './ports.js';
import { becomesReady } from './readiness.js';
import { keptPassword, writeServerFile } from './secret-file.js';
import type { RunningProcess } from './running-process.js';
import type { OnLine, ProcessState, RedisServer } from './server.js';
import { privateDirectory, removeTree } from './state-directory.js';
import { unprivilegedUser } from './unprivileged.js';

export interface RedisOptions {
  /** Holds its configuration, password and data; made when missing. */
  directory: string;
  /** As in redis.conf. What is not given is as Redis comes: snapshots now and then, no append-only file. */
  settings?: Record<string, string>;
  /** false: `stop` removes the directory, and so does the end of this process. */
  keep?: boolean;
  onLine?: OnLine;
}

/**
 * Starts a Redis of our own on loopback, with a password, and resolves when it answers.
 * @throws RedisMissing when none is installed: `ensureRedis` installs it
 * @throws Error telling what Redis said, when it does not come up
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  const installation = await findRedis();
  if (!installation) throw new RedisMissing('and this start installs nothing');
  await privateDirectory(options.directory);
  const password = await keptPassword(join(options.directory, 'password'));
  const redis = new LocalRedis(options, installation.program, password);
  await redis.start();
  return redis;
}

class LocalRedis implements RedisServer {
  port = 0;
  private process: RunningProcess | undefined;

  constructor(
    private readonly options: RedisOptions,
    private readonly program: string,
    private readonly password: string,
  ) {}

  get pid(): number | undefined {
    return this.process?.pid;
  }

  async state(): Promise<ProcessState> {
    return this.process?.state ?? 'dead';
  }

  get url(): string {
    return `redis://:${this.password}@127.0.0.1:${this.port}`;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.process?.kill(signal);
  }

  async stop(options: { quick?: boolean } = {}): Promise<void> {
    await this.end(options.quick ?? false);
    if (this.options.keep === false) await removeTree(this.options.directory);
  }

  async restart(options: { quick?: boolean } = {}): Promise<void> {
    await this.end(options.quick ?? false);
    await this.start();
  }

  async start(): Promise<void> {
    const { directory, settings, keep, onLine } = this.options;
    // A port that is free now may be taken a moment later: then another one is tried, unless clients know this one.
    for (let triesLeft = this.port ? 0 : 2; ; triesLeft--) {
      if (!this.port) [this.port = 0] = await freePorts(1);
      await assertFree(this.port);
      const configuration = join(directory, 'redis.conf');
      const lines = Object.entries({ ...this.fixedSettings(), ...settings });
      const text = lines.map(([name, value]) => `${name} ${value}\n`).join('');
      await writeServerFile(configuration, text, 0o600);
      const running = await startOnLifeline({
        name: 'redis',
        command: [this.program, configuration],
        cwd: directory,
        env: {},
        user: unprivilegedUser(),
        gentleSignal: keep === false ? 'SIGKILL' : 'SIGTERM',
        leftover: keep === false ? directory : undefined,
        onLine,
      });
      this.process = running;
      if (await becomesReady(running, () => answers(this.port, this.password))) return;
      const said = running.lastLines();
      await running.stop({ signal: 'SIGKILL' });
      if (triesLeft === 0 || !/could not create server tcp|address already in use/i.test(said))
        throw new Error(`Redis did not start in ${directory}. It said:\n${said}`);
      this.port = 0;
    }
  }

  private fixedSettings(): Record<string, string> {
    return {
      bind: '127.0.0.1',
      port: String(this.port),
      requirepass: this.password,
      dir: `"${this.options.directory}"`,
      daemonize: 'no',
    };
  }

  /** Gently it writes a snapshot; quickly it is killed. */
  private async end(quick: boolean): Promise<void> {
    await this.process?.stop({ signal: quick ? 'SIGKILL' : 'SIGTERM' });
  }
}

/** Asks once, by hand: this lib needs no Redis client for that. */
async function answers(port: number, password: string): Promise<true | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\nQUIT\r\n`));
    socket.on('data', (bytes) => (said += bytes.toString('latin1')));
    socket.on('error', () => {}).on('close', () => resolve(said.includes('+PONG') ? true : undefined));
  });
}
