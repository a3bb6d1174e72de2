import { CliFailure } from '../failure.js';
import type { ManagedProcess } from './managed-processes.js';
import type { ProcessAction, ProcessInfo } from './process-info.js';

/** Why nothing, or not all, was done. The status is HTTP's: 404 no such process, 409 not as it is now, 503 it failed. */
export class ProcessRefusal extends Error {
  constructor(
    readonly status: 404 | 409 | 503,
    message: string,
  ) {
    super(message);
  }
}

/** How often the launcher looks how its processes are. */
const lookEveryMs = 1_000;

/** What the launcher's processes are doing, and what may be done to each: one thing at a time. */
export class ProcessControl {
  private readonly seen = new Map<string, ProcessInfo>();
  /** What is being done to a process now. */
  private readonly underWay = new Map<string, ProcessAction>();
  private readonly looking: NodeJS.Timeout;

  /** @param say told when a process dies, freezes or runs again, in a line for people */
  constructor(
    private readonly processes: readonly ManagedProcess[],
    private readonly say: (line: string) => void = () => {},
  ) {
    this.looking = setInterval(() => void this.list().catch(() => {}), lookEveryMs).unref();
  }

  async list(): Promise<ProcessInfo[]> {
    return Promise.all(this.processes.map((process) => this.look(process)));
  }

  /**
   * Kills, freezes, thaws or restarts a process.
   * @returns how it is afterwards
   * @throws ProcessRefusal
   */
  async act(name: string, action: ProcessAction): Promise<ProcessInfo> {
    const process = this.processes.find((candidate) => candidate.name === name);
    if (process === undefined) throw this.unknown(name);
    const busy = this.underWay.get(name);
    if (busy !== undefined)
      throw new ProcessRefusal(409, `${name} is busy: the last ${busy} has not ended yet.`);
    this.underWay.set(name, action);
    try {
      await this.perform(process, action);
    } catch (error) {
      throw error instanceof ProcessRefusal ? error : failed(name, action, error);
    } finally {
      this.underWay.delete(name);
    }
    return this.look(process);
  }

  /** Ends the looking, and lets what is frozen go on: the rest can part from it in order, not by running out of time. */
  async close(): Promise<void> {
    clearInterval(this.looking);
    await Promise.allSettled(
      this.processes.map(async (process) => {
        if ((await process.state()) === 'stopped') await process.kill('SIGCONT');
      }),
    );
  }

  private async perform(process: ManagedProcess, action: ProcessAction): Promise<void> {
    const { state } = await this.look(process, await process.state());
    if (action === 'restart') {
      await this.look(process, 'restarting');
      return process.restart();
    }
    if (state === 'restarting')
      throw new ProcessRefusal(409, `${process.name} is down already, and starts again within a second.`);
    if (state === 'dead')
      throw new ProcessRefusal(409, `${process.name} is dead: only a restart brings it back.`);
    await process.kill(signals[action]);
  }

  private async look(process: ManagedProcess, state?: ProcessInfo['state']): Promise<ProcessInfo> {
    const { name, kind } = process;
    const now = state ?? (this.underWay.get(name) === 'restart' ? 'restarting' : await process.state());
    const pid = now === 'running' || now === 'stopped' ? (process.pid ?? null) : null;
    const before = this.seen.get(name);
    if (before?.state === now && before.pid === pid) return before;
    const info: ProcessInfo = { name, kind, pid, state: now, since: new Date().toISOString() };
    this.seen.set(name, info);
    if (before !== undefined) this.tell(info, before);
    return info;
  }

  private tell({ name, kind, state, pid }: ProcessInfo, before: ProcessInfo): void {
    if (state === 'stopped') this.say(`${name} is frozen until: npx paid-once cont ${name}`);
    // A service's death is told by its supervisor.
    if (state === 'dead' && kind === 'server')
      this.say(`${name} is dead; it stays so until: npx paid-once restart ${name}`);
    if (state === 'restarting' && kind === 'server') this.say(`${name} is being restarted`);
    if (state === 'running' && before.state !== 'running')
      this.say(`${name} runs${pid === null ? '' : ` (process ${pid})`}`);
  }

  private unknown(name: string): ProcessRefusal {
    const names = this.processes.map((process) => process.name).join(', ');
    return new ProcessRefusal(404, `npm start runs no process "${name}". It runs: ${names}.`);
  }
}

const signals = { kill: 'SIGKILL', stop: 'SIGSTOP', cont: 'SIGCONT' } as const;

/** Postgres and RabbitMQ say why they do not start; an engine, why it does not pause. */
function failed(name: string, action: ProcessAction, error: unknown): ProcessRefusal {
  if (error instanceof CliFailure) return new ProcessRefusal(503, error.happened);
  const reason = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
  return new ProcessRefusal(503, `${action} ${name} failed: ${String(reason)}`);
}
