import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { searchPath } from './search-path.js';

// Below every system's ephemeral range (Linux 32768, macOS 49152). A port inside it can be taken by anybody's outgoing
// connection while its server is down; a client that retries on loopback can even connect to itself there.
const lowestPort = 20_000;
const highestPort = 32_000;

/** Given out by this process: two servers starting at once must not be told of the same port. */
const givenOut = new Set<number>();

/** Finds TCP ports that nothing listens on, on loopback, each given out once among the processes of this machine that live. */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const port = randomInt(lowestPort, highestPort);
    if (givenOut.has(port)) continue;
    givenOut.add(port);
    if ((await isFree(port)) && (await claim(port))) found.push(port);
    if (givenOut.size > (highestPort - lowestPort) / 2) givenOut.clear();
  }
  return found;
}

export const claims = join(tmpdir(), 'paid-once-ports');

/** Tests run beside each other: what one was told of and does not listen on yet, another must not be told of. */
export async function claim(port: number): Promise<boolean> {
  const path = join(claims, String(port));
  const mine = () => writeFile(path, String(process.pid), { flag: 'wx' });
  try {
    await mkdir(claims, { recursive: true, mode: 0o777 });
    await mine().catch(async (error: unknown) => {
      if (!isNamed(error, 'EEXIST') || isAlive(Number(await readFile(path, 'utf8')))) throw error;
      await rm(path, { force: true });
      await mine();
    });
    return true;
  } catch (error) {
    return !isNamed(error, 'EEXIST'); // where nothing can be written, chance has to do
  }
}

function isAlive(pid: number): boolean {
  if (pid === 0) return true; // it is being written
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch (error) {
    return !isNamed(error, 'ESRCH');
  }
}

// Not by its class: in Jest, errors of Node itself are of another one.
function isNamed(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Whether a server of ours could listen on the port now. */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** @throws Error naming the process that holds one of the ports, where that may be known */
export async function assertFree(...ports: number[]): Promise<void> {
  for (const port of ports) {
    if (await isFree(port)) continue;
    const holder = await portHolder(port);
    throw new Error(`port ${port} is taken${holder ? ` by ${holder.name} (process ${holder.pid})` : ''}`);
  }
}

export interface PortHolder {
  pid: number;
  name: string;
}

/**
 * Which process listens on a TCP port of this machine.
 * @returns undefined when nothing listens, or when it may not be known: another user's process, seen without root
 */
export async function portHolder(port: number): Promise<PortHolder | undefined> {
  return process.platform === 'linux' ? holderByProc(port) : holderByLsof(port);
}

async function holderByProc(port: number): Promise<PortHolder | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((table) => readText(table)));
  const sockets = tables.flatMap((table) => listeningSockets(table, port));
  if (sockets.length === 0) return undefined;
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (sockets.includes(target)) {
        return { pid: Number(pid), name: (await readText(`/proc/${pid}/comm`)).trim() };
      }
    }
  }
  return undefined;
}

/** Listening sockets of a table like /proc/net/tcp, as `/proc/<pid>/fd` names them: "socket:[4711]". */
export function listeningSockets(table: string, port: number): string[] {
  const listening = '0A';
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && local?.split(':')[1] === wanted)
    .map((fields) => `socket:[${fields[9]}]`);
}

async function holderByLsof(port: number): Promise<PortHolder | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
  const options = { env: { PATH: searchPath() } };
  const { stdout } = await promisify(execFile)('lsof', args, options).catch(() => ({ stdout: '' }));
  const pid = /^p(\d+)$/m.exec(stdout)?.[1];
  return pid ? { pid: Number(pid), name: /^c(.*)$/m.exec(stdout)?.[1] ?? '' } : undefined;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
