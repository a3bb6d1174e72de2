import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { errorCode } from './error-code.js';

/** Whether a process runs. A zombie is gone: it only waits for its parent to notice. */
export function isAlive(pid: number): boolean {
  const state = statFields(pid)?.[0];
  if (state !== undefined) return state !== 'Z' && state !== 'X';
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Whether a process is stopped by a signal; undefined where the system has no /proc, and when it is gone. */
export function isFrozen(pid: number): boolean | undefined {
  const state = statFields(pid)?.[0];
  return state === undefined ? undefined : state === 'T' || state === 't';
}

/** Names this process for ever: its id, and when it started, because ids are used again. */
export function ownerMark(): string {
  return `${process.pid}.${startTime(process.pid)}`;
}

/** Whether the process that `ownerMark` named still runs. */
export function isOwnerAlive(mark: string): boolean {
  const [pid, started] = mark.split('.').map(Number);
  if (pid === undefined || !isAlive(pid)) return false;
  return startTime(pid) === started;
}

/** The processes whose parent this is; none where the system has no /proc. */
export function childrenOf(pid: number): number[] {
  return allProcesses().filter((candidate) => Number(statFields(candidate)?.[1]) === pid);
}

/** The processes that work in a directory, as far as we may know. A postmaster and its backends work in their data. */
export function processesIn(directory: string): number[] {
  return allProcesses().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === directory && isAlive(pid);
    } catch {
      return false;
    }
  });
}

// In clock ticks since boot; 0 where the system does not tell.
function startTime(pid: number): number {
  return Number(statFields(pid)?.[19] ?? 0);
}

/** /proc/<pid>/stat from the state on: what stands before it holds the name, which may contain anything. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function allProcesses(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
