import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @returns why limits cannot be set here; undefined when they can */
export async function whyNoLimits(): Promise<string | undefined> {
  return run('prlimit', ['--pid', String(process.pid), '--nofile']).then(
    () => undefined,
    (error: Error) => `prlimit cannot be used: ${error.message.split('\n')[0]}`,
  );
}

/** Limits a running process. Only the soft limit, so that it can be lifted again. */
export async function limit(pid: number, what: 'nofile' | 'as', value: number | 'unlimited'): Promise<void> {
  await run('prlimit', ['--pid', String(pid), `--${what}=${value}:`]);
}

/** The smallest number that is no open file of the process: limited to it, it can open none at all. */
export async function firstFreeFile(pid: number): Promise<number> {
  const open = new Set((await readdir(`/proc/${pid}/fd`)).map(Number));
  let number = 0;
  while (open.has(number)) number++;
  return number;
}

export async function openSockets(pid: number): Promise<number> {
  const names = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  return targets.filter((target) => target.startsWith('socket:')).length;
}

/** In bytes: resident, and all that is mapped. */
export async function memoryOf(pid: number): Promise<{ resident: number; mapped: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return { resident: kilobytes('VmRSS') * 1024, mapped: kilobytes('VmSize') * 1024 };
}
