import { freePorts, removeTree, stateDirectoryOf } from '@paid-once/infrastructure';
import { pause } from '@paid-once/service/basics';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { checkout } from '../checkout.js';
import type { SystemUrls } from '../settings.js';
import { controlSocket } from '../stack/control-socket.js';
import { urlsAt } from '../stack/stack-environment.js';
import { processInfo, type ProcessInfo } from '../stack/process-info.js';

/**
 * What `npm start` runs, as a process of its own in a checkout of its own: the state directory belongs to the checkout,
 * and nobody's running system is touched.
 */
export class LaunchedSystem {
  private constructor(
    readonly urls: SystemUrls & { console: string },
    /** Its state directory. */
    readonly directory: string,
    private readonly root: string,
    private readonly env: NodeJS.ProcessEnv,
    private launcher: ChildProcess,
    private readonly log: string[],
  ) {}

  /** @param settings on top of its own */
  static async start(settings: Record<string, string> = {}): Promise<LaunchedSystem> {
    const root = await mkdtemp(join(tmpdir(), 'paid-once-launched-'));
    for (const part of ['apps/cli/bin', 'package.json', 'dist'])
      await cp(join(checkout, part), join(root, part), { recursive: true });
    // What was built must not look older than what it was built from.
    await writeFile(join(root, 'dist/.built'), '');
    await symlink(join(checkout, 'node_modules'), join(root, 'node_modules'));
    const [payments = 0, ledger = 0, relay = 0, link = 0, toxiproxy = 0, page = 0] = await freePorts(6);
    const ports = { payments, ledger, relay, link, toxiproxy, console: page };
    const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, PAID_ONCE_SERVERS: 'local', ...settings };
    for (const [name, port] of Object.entries(ports))
      env[`PAID_ONCE_${name.toUpperCase()}_PORT`] = String(port);
    const urls = { ...urlsAt(ports), console: `http://127.0.0.1:${page}` };
    const log: string[] = [];
    const { launcher, ready } = launch(root, env, log);
    const system = new LaunchedSystem(urls, await stateDirectoryOf(root), root, env, launcher, log);
    try {
      await ready;
    } catch (error) {
      await system.remove();
      throw error;
    }
    return system;
  }

  /** Runs a verb in the same checkout. */
  async run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const verb = paidOnce(this.root, args, this.env);
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(verb.stdout!),
      text(verb.stderr!),
      once(verb, 'exit') as Promise<[number]>,
    ]);
    return { exitCode, stdout, stderr };
  }

  /** What the launcher tells of its processes, without the half a second that a verb takes to start. */
  async processes(): Promise<Record<string, ProcessInfo>> {
    const socketPath = controlSocket(this.directory);
    const [response] = (await once(get({ socketPath, path: '/processes', agent: false }), 'response')) as [
      IncomingMessage,
    ];
    const processes = z.array(processInfo).parse(JSON.parse(await text(response)));
    return Object.fromEntries(processes.map((process) => [process.name, process]));
  }

  /** What the launcher has printed. */
  get said(): string {
    return this.log.join('\n');
  }

  /** As when the reader of its pipe ends: `npm start | head`. */
  stopReading(): void {
    this.launcher.stdout?.destroy();
    this.launcher.stderr?.destroy();
  }

  get isRunning(): boolean {
    return this.launcher.exitCode === null && this.launcher.signalCode === null;
  }

  /** Sends a signal to the launcher alone and waits for its end. @returns exit code, and how many milliseconds it took */
  async end(signal: NodeJS.Signals): Promise<{ exitCode: number | null; ms: number }> {
    const startedAt = performance.now();
    this.launcher.kill(signal);
    const [exitCode] = (await once(this.launcher, 'exit')) as [number | null];
    return { exitCode, ms: performance.now() - startedAt };
  }

  /** As a power cut does: the launcher with its links, services and servers, and all children of these, by kill -9 at once. */
  async killEverything(): Promise<void> {
    const all = await this.runningProcesses();
    const gone = once(this.launcher, 'exit');
    for (const { pid } of all) killHard(pid);
    await gone;
    const left = await this.untilNothingRuns(20_000);
    if (left.length > 0) throw new Error(`still there after kill -9: ${left.join(', ')}`);
  }

  /** The same command once more, on the data that the last one has left; resolves when it is ready. */
  async startAgain(): Promise<void> {
    const { launcher, ready } = launch(this.root, this.env, this.log);
    this.launcher = launcher;
    await ready;
  }

  /** Ends it, if it runs, waits until nothing of it is left, and removes its checkout and data. */
  async remove(): Promise<void> {
    if (this.isRunning) await this.end('SIGKILL');
    await this.untilNothingRuns(20_000);
    await removeTree(this.directory);
    await rm(this.root, { recursive: true });
  }

  /** @returns the processes that are left after `limitMs` milliseconds */
  async untilNothingRuns(limitMs: number): Promise<string[]> {
    const until = performance.now() + limitMs;
    for (;;) {
      const left = await this.runningProcesses();
      if (left.length === 0 || performance.now() > until)
        return left.map(({ pid, command }) => `${pid} ${command.slice(0, 80)}`);
      await pause(50);
    }
  }

  private async runningProcesses(): Promise<ProcessOfOurs[]> {
    const found = (await Promise.all([this.root, this.directory].map(processesOf))).flat();
    return [...new Map(found.map((each) => [each.pid, each])).values()];
  }
}

function launch(root: string, env: NodeJS.ProcessEnv, log: string[]) {
  const launcher = paidOnce(root, ['start'], env);
  const ready = new Promise<void>((resolve, reject) => {
    for (const stream of [launcher.stdout, launcher.stderr])
      createInterface({ input: stream! }).on('line', (line) => {
        log.push(line);
        if (line.startsWith('Ready')) resolve();
      });
    launcher.once('exit', () => reject(new Error(`npm start has ended:\n${log.join('\n')}`)));
  });
  return { launcher, ready };
}

function paidOnce(root: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [join(root, 'apps/cli/bin/paid-once.mjs'), ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

interface ProcessOfOurs {
  pid: number;
  command: string;
}

/** Every process with the directory in its environment, arguments or working directory: children of children too. */
async function processesOf(directory: string): Promise<ProcessOfOurs[]> {
  const found: ProcessOfOurs[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [environment = '', command = ''] = await Promise.all(
      ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
    );
    const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (`${environment}${command}${workingDirectory}`.includes(directory))
      found.push({ pid: Number(pid), command: command.replaceAll('\0', ' ') });
  }
  return found;
}

/** Harmless when it has gone meanwhile. */
function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
