import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const ticksPerSecond = 100; // of /proc, on every Linux

/** Milliseconds of CPU that these processes and all their descendants have used, those that have ended included. */
export function cpuMs(...roots: (number | undefined)[]): number {
  const all = processes();
  const wanted = new Set(roots);
  for (let grown = true; grown;) {
    const before = wanted.size;
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid);
    grown = wanted.size > before;
  }
  const ticks = all.filter(({ pid }) => wanted.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0);
  return (ticks * 1_000) / ticksPerSecond;
}

/** Waits until these have nothing left to do: a broker goes on working for seconds on what was put into its queues. */
export async function untilQuiet(...roots: (number | undefined)[]): Promise<void> {
  const lookEveryMs = 250;
  const busyMs = 0.08 * lookEveryMs;
  const patience = 60; // looks; then it is measured as it is
  let before = cpuMs(...roots);
  for (let quiet = 0, look = 0; quiet < 3 && look < patience; look++) {
    await setTimeout(lookEveryMs);
    const now = cpuMs(...roots);
    quiet = now - before <= busyMs ? quiet + 1 : 0;
    before = now;
  }
}

/** The largest resident size that a process has had so far, in MB. */
export function peakMb(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1_024);
}

function processes(): { pid: number; parent: number; ticks: number }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = statOf(name);
      if (stat === undefined) return [];
      // The command, in parentheses, may hold blanks: what follows it is counted from its end.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0);
      return [{ pid: Number(name), parent: Number(fields[1]), ticks }];
    });
}

function statOf(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it has ended meanwhile
  }
}
