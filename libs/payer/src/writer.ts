import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** One payer, for ever. Process ids are used again, hence the time at which the process started. */
export interface Writer {
  /** Random: one process may pay a file several times. */
  id: string;
  pid: number;
  host: string;
  /** Clock ticks since boot; 0 where the system does not tell. */
  processStart: number;
}

export function thisWriter(): Writer {
  const { pid } = process;
  const processStart = processOf(pid)?.start ?? 0;
  return { id: randomBytes(4).toString('hex'), pid, host: hostname(), processStart };
}

/**
 * Whether a payer still runs. `elsewhere`: it ran on another host, so nobody here can tell. Where the system does not
 * tell when a process started (no /proc), a process that was given the same id passes for the payer.
 */
export function whereaboutsOf(writer: Writer): 'alive' | 'gone' | 'elsewhere' {
  if (writer.host !== hostname()) return 'elsewhere';
  const found = processOf(writer.pid);
  if (found) return found.isZombie || found.start !== writer.processStart ? 'gone' : 'alive';
  return answersSignals(writer.pid) ? 'alive' : 'gone';
}

/** From /proc/<pid>/stat: what stands before the state holds the program's name, which may contain anything. */
function processOf(pid: number): { isZombie: boolean; start: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // A zombie is gone: it only waits for its parent to notice.
    return { isZombie: fields[0] === 'Z' || fields[0] === 'X', start: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPERM';
  }
}
