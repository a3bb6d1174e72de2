import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { errorCode } from './error-code.js';
import { poll } from './poll.js';
import { childrenOf, isAlive, isFrozen } from './process-table.js';
import type { Exit, ProcessState } from './server.js';
import { thawWhenWeEnd } from './thaw-when-we-end.js';

/** A child that does not outlive this process, however this process ends. */
export interface RunningProcess {
  readonly name: string;
  /** The program's own process, not a shell around it. */
  readonly pid: number;
  /** Resolves when the program has ended, for whatever reason; never rejects. */
  readonly exited: Promise<Exit>;
  /** How it is now, whoever has killed or frozen it. */
  readonly state: ProcessState;
  /**
   * Signals the program; SIGKILL, SIGSTOP and SIGCONT its children too, and then it resolves when all of them are gone,
   * or the program is frozen or thawed. Harmless when it is gone.
   */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Asks the program to end, also when it is frozen, and kills it when it has not after `limitMs` milliseconds. */
  stop(options?: { signal?: NodeJS.Signals; limitMs?: number }): Promise<Exit>;
  /** The last lines it wrote, for an error message. */
  lastLines(): string;
}

export interface Output {
  lastLines(): string;
}

/**
 * Takes hold of a child.
 * @param options.pid     the program's, which may be a child of `child`
 * @param options.guarded while it is frozen, something else sees to it that it ends when this process does
 */
export function runningProcess(options: {
  name: string;
  child: ChildProcess;
  pid: number;
  output: Output;
  guarded: boolean;
}): RunningProcess {
  const { name, child, pid, output, guarded } = options;
  let gone = false;
  /** For systems that do not tell. */
  let frozen = false;
  let dropGuard = (): void => {};
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      gone = true;
      dropGuard();
      child.stdin?.destroy();
      resolve(endOf(code, signal));
    });
  });
  const state = (): ProcessState => {
    if (gone) return 'dead';
    return (isFrozen(pid) ?? frozen) ? 'stopped' : 'running';
  };
  /** @returns the processes that were signalled */
  const send = (signal: NodeJS.Signals): number[] => {
    if (gone) return [];
    if (signal === 'SIGSTOP' && guarded && !frozen) dropGuard = thawWhenWeEnd(pid);
    // Frozen before its children are looked for, so that none is missed. Frozen ones would outlive a killed parent.
    if (signal === 'SIGSTOP' || signal === 'SIGKILL') sendSignal(pid, 'SIGSTOP');
    const isForAll = signal === 'SIGSTOP' || signal === 'SIGCONT' || signal === 'SIGKILL';
    const members = isForAll ? [pid, ...childrenOf(pid)] : [pid];
    for (const member of members) sendSignal(member, signal);
    if (signal === 'SIGSTOP') frozen = true;
    if (signal === 'SIGCONT') {
      frozen = false;
      dropGuard();
    }
    return members;
  };
  const settled = (wanted: ProcessState): Promise<unknown> =>
    poll(() => (gone || state() === wanted ? true : undefined), signalLimitMs);
  return {
    name,
    pid,
    exited,
    get state() {
      return state();
    },
    async kill(signal) {
      const members = send(signal);
      if (signal === 'SIGKILL') {
        await exited;
        // Each takes its own time to give its memory back, and the program need not be the last of them.
        await poll(() => (members.some(isAlive) ? undefined : true), signalLimitMs);
      }
      if (signal === 'SIGSTOP') await settled('stopped');
      if (signal === 'SIGCONT') await settled('running');
    },
    async stop({ signal = 'SIGTERM', limitMs = 15_000 } = {}) {
      send('SIGCONT');
      send(signal);
      const force = setTimeout(() => send('SIGKILL'), limitMs);
      const exit = await exited;
      clearTimeout(force);
      return exit;
    },
    lastLines: () => output.lastLines(),
  };
}

/** A process that waits for a disk stops only then. */
const signalLimitMs = 2_000;

/** Signals a process; harmless when it is gone. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** A shell tells a signal as an exit code above 128. */
function endOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (code === null || code <= 128) return { code, signal };
  const name = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return name ? { code: null, signal: name as NodeJS.Signals } : { code, signal };
}
