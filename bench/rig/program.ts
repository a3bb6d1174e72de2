import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cpuMs } from './cpu.js';

/** The checkout, seen from where this is built to. */
const checkout = new URL('../../../', import.meta.url);

/** Where a program of the bench is, such as `dist/bench/relay/relay-program.js`. */
export const inCheckout = (path: string): string => fileURLToPath(new URL(path, checkout));

/**
 * A process that is measured, so that nothing else is measured with it. It says `{"ready":true}` on a line of its own.
 * Some then wait for `go`, work, and say what they have measured as one more line of JSON.
 */
export class Program {
  private readonly lines: AsyncIterator<string>;
  private said = '';
  /** Why it measures nothing here. */
  skipped: string | undefined;

  private constructor(
    private readonly path: string,
    private readonly child: ChildProcess,
  ) {
    if (!child.stdout) throw new Error('Bug: the output of a program is not read');
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stderr?.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-4_000)));
  }

  /** @throws Error with what it said, when it ends before it is ready */
  static async start(
    path: string,
    env: Record<string, string>,
    nodeOptions: string[] = [],
  ): Promise<Program> {
    const child = spawn(process.execPath, [...nodeOptions, inCheckout(path)], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const program = new Program(path, child);
    const { skipped } = (await program.next('ready')) as { skipped?: string };
    program.skipped = skipped;
    return program;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Lets it work and returns what it has measured. @throws Error it failed */
  async go<Result>(): Promise<Result> {
    this.child.stdin?.write('go\n');
    return (await this.next('seconds')) as Result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin?.end();
    this.child.kill('SIGTERM');
    const overdue = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(overdue);
  }

  private async next(field: string): Promise<unknown> {
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done) throw new Error(`${this.path} ended before it said "${field}". It said:\n${this.said}`);
      if (!value.startsWith('{')) continue;
      const said = JSON.parse(value) as object;
      if (field in said || 'skipped' in said) return said;
    }
  }
}

/** CPU of some processes and their children, in milliseconds, from now on. */
export function cpuMeter(...pids: (number | undefined)[]): () => number {
  const before = cpuMs(...pids);
  return () => cpuMs(...pids) - before;
}

/** The other side of it, for programs that work when they are told to. */
export async function readyAndGo(work: () => Promise<object>): Promise<void> {
  process.stdin.once('end', () => process.exit(1)); // whoever measures is gone
  const told = new Promise((resolve) => process.stdin.once('data', resolve));
  console.log(JSON.stringify({ ready: true }));
  await told;
  console.log(JSON.stringify(await work()));
}
