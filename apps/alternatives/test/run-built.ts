import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../../../dist/apps/alternatives/src', import.meta.url));

/** A measurement as it really runs: the built program, as a child on a pipe. */
export class BuiltAlternative {
  private stdout = '';
  private stderr = '';
  private readonly exited: Promise<unknown[]>;

  private constructor(readonly process: ChildProcess) {
    process.stdout?.on('data', (bytes) => (this.stdout += String(bytes)));
    process.stderr?.on('data', (bytes) => (this.stderr += String(bytes)));
    this.exited = once(process, 'close');
  }

  static start(
    name: 'redis-recipe' | 'two-phase-commit',
    env: Record<string, string> = {},
  ): BuiltAlternative {
    return BuiltAlternative.node([join(built, name, 'main.js')], env);
  }

  /** Runs a measurement that is only this: JavaScript that may use `PartMissing`. */
  static startMeasurement(measurement: string): BuiltAlternative {
    const frame = JSON.stringify(join(built, 'run-alternative.js'));
    const program = `import { runAlternative, PartMissing } from ${frame};
      await runAlternative(async () => { ${measurement} });`;
    return BuiltAlternative.node(['--input-type=module', '--eval', program], {});
  }

  private static node(args: string[], env: Record<string, string>): BuiltAlternative {
    const all = { PATH: process.env['PATH'], PAID_ONCE_LIFELINE: 'stdin', ...env };
    return new BuiltAlternative(spawn(process.execPath, args, { env: all }));
  }

  /** Runs to the end. @returns the exit code, the object that its last line holds, and what it said on stderr */
  async end(): Promise<{ code: number; result: unknown; said: string }> {
    const [code] = await this.exited;
    const last = this.stdout.trimEnd().split('\n').at(-1) || 'null';
    return { code: Number(code), result: JSON.parse(last) as unknown, said: this.stderr };
  }

  /** The throw-away directories that it has made and not removed. */
  async leftovers(): Promise<string[]> {
    const names = await readdir('/var/tmp');
    return names.filter((name) => new RegExp(`^paid-once-run-.*-${this.process.pid}\\.`).test(name));
  }

  /** Those of databases that are still being made. */
  async unfinished(): Promise<string[]> {
    const directories = await this.leftovers();
    return directories.filter((name) => existsSync(join('/var/tmp', name, 'data.unfinished')));
  }

  /** The directories in which a Postgres runs: a server has children, and a shell that watches it. */
  async databases(): Promise<Set<string>> {
    const run = /^[^\0]*\/postgres\0-D\0([^\0]+)/;
    return new Set((await this.servers()).flatMap((command) => run.exec(command)?.[1] ?? []));
  }

  /** Processes that work in them: servers that it has started. */
  async servers(): Promise<string[]> {
    const mark = new RegExp(`paid-once-run-[a-z]+-${this.process.pid}\\.`);
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const commands = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
    );
    return commands.filter((command) => mark.test(command));
  }
}
