import { startService, type Exit, type ProcessState, type RunningProcess } from '@paid-once/infrastructure';
import { exitCodeBadSettings, pause } from '@paid-once/service/basics';
import { builtProgram } from '../checkout.js';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import type { ServiceName } from '../services.js';

const restartAfterMs = 1_000;
const stopLimitMs = 4_000;

export interface ServiceOptions {
  service: ServiceName | 'console';
  /** `ledger`, or `ledger-2` where there are several. */
  name: string;
  url: string;
  env: Record<string, string>;
  /** Whether it is started again when it dies. */
  restart: boolean;
  onLine: (line: string) => void;
  /** Told when it has died and what follows. */
  say: (line: string) => void;
}

/** One process of ours, kept running: that is what `crash` shows. */
export class SupervisedService {
  private process: RunningProcess;
  private stopping = new AbortController();
  /** How it ended, while it is down. */
  private ended: Exit | undefined;
  /** What was asked for last: a restart gives up when `stop` comes in between. */
  private wanted = true;

  constructor(private readonly options: ServiceOptions) {
    this.process = this.start(options.env);
  }

  get name(): string {
    return this.options.name;
  }

  /** Where its HTTP side answers. */
  get url(): string {
    return this.options.url;
  }

  get pid(): number | undefined {
    return this.ended === undefined ? this.process.pid : undefined;
  }

  /** How it is now, whoever has killed or frozen it; restarting: it is down, and another process follows by itself. */
  get state(): ProcessState | 'restarting' {
    if (this.ended === undefined) return this.process.state;
    return !this.stopping.signal.aborted && this.willRestart(this.ended) ? 'restarting' : 'dead';
  }

  /** After SIGKILL it resolves when the process is gone. Whether another one follows is up to `restart`. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.process.kill(signal);
  }

  /** Ends it, gently within 4 s, then with kill -9; it is not started again. @returns how it ended */
  async stop(): Promise<Exit> {
    this.wanted = false;
    return this.end();
  }

  /**
   * Stops it if it runs, starts it, and waits until it is ready.
   * @throws CliFailure it was not ready within `limitMs` milliseconds, or was stopped meanwhile
   */
  async restart(limitMs?: number): Promise<void> {
    this.wanted = true;
    await this.end();
    if (!this.wanted) throw this.failure(`${this.name} was stopped while it was started again.`);
    this.stopping = new AbortController();
    this.process = this.start(this.options.env);
    await this.ready(undefined, limitMs);
  }

  private async end(): Promise<Exit> {
    this.stopping.abort();
    return this.ended ?? this.process.stop({ limitMs: stopLimitMs });
  }

  async isReady(): Promise<boolean> {
    if (this.ended !== undefined) return false;
    try {
      const response = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  /**
   * Resolves when everything it needs is there.
   * @throws CliFailure it ended, and starting it again does not help; or `limitMs` milliseconds have passed
   */
  async ready(signal?: AbortSignal, limitMs = 60_000): Promise<void> {
    const until = performance.now() + limitMs;
    while (!(await this.isReady())) {
      signal?.throwIfAborted();
      if (this.state === 'dead' && this.ended !== undefined)
        throw this.failure(`${this.name} has ended (${exitText(this.ended)}); its last lines above say why.`);
      if (performance.now() > until)
        throw this.failure(
          `${this.name} was not ready within ${limitMs / 1_000} s: ${this.url}/health/ready says why.`,
        );
      await pause(50, signal);
    }
  }

  private start(env: Record<string, string>): RunningProcess {
    const { service, name, onLine } = this.options;
    this.ended = undefined;
    const started = startService({ name, entry: builtProgram(service, 'main'), env, onLine });
    const { signal } = this.stopping;
    void started.exited.then((exit) => this.died(exit, signal));
    return started;
  }

  private async died(exit: Exit, stopping: AbortSignal): Promise<void> {
    this.ended = exit;
    if (stopping.aborted) return;
    const { say, name, env } = this.options;
    if (!this.willRestart(exit)) return say(`${name} has ended (${exitText(exit)})`);
    say(`${name} died (${exitText(exit)}): starts again in ${restartAfterMs / 1000} s`);
    await pause(restartAfterMs, stopping);
    if (stopping.aborted) return;
    const { PAID_ONCE_CRASH_AT: _, ...unarmed } = env; // a point that was armed from outside has done its work
    this.process = this.start(unarmed);
  }

  private willRestart({ code }: Exit): boolean {
    return this.options.restart && code !== exitCodeBadSettings && code !== exitCodes.unreachable;
  }

  private failure(happened: string): CliFailure {
    return new CliFailure(
      exitCodes.unreachable,
      happened,
      'No payment was lost: what was accepted is in the databases.',
      'Look at the lines above, then start again.',
    );
  }
}

function exitText({ code, signal }: Exit): string {
  return signal ?? `exit ${code}`;
}
