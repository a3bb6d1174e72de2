import { setTimeout as pause } from 'node:timers/promises';
import { kindCalled } from './faults/index.js';
import type { Harm, History } from './history.js';
import type { Schedule, Step } from './schedule.js';
import type { ChaosSystem } from './system.js';

/** Does what the schedule says; what it has begun it ends, whatever happens. */
export class Nemesis {
  /** For each thing that a fault holds: resolves when it is whole. */
  private readonly held = new Map<string, Promise<void>>();
  private readonly over = new AbortController();
  private done: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly system: ChaosSystem,
    private readonly history: History,
    private readonly say: (line: string) => void,
  ) {}

  start({ steps }: Schedule): void {
    this.done = Promise.all(steps.map((step, number) => this.queue(step, number)));
  }

  /** Begins nothing more, ends what lasts, and resolves when all of it is healed. @throws a fault could not be ended */
  async end(): Promise<void> {
    this.over.abort();
    await this.done;
  }

  private queue(step: Step, number: number): Promise<void> {
    const kind = kindCalled(step.fault);
    const holds = kind.holds(step.with);
    const before = Promise.all(holds.map((held) => this.held.get(held) ?? Promise.resolve()));
    const done = before.then(() => this.take(step, number));
    for (const held of holds) this.held.set(held, done);
    return done;
  }

  private async take(step: Step, number: number): Promise<void> {
    await this.until(step.atMs);
    if (this.over.signal.aborted) return;
    const write = (phase: Harm['phase'], why?: string) => {
      const atMs = this.history.nowMs;
      this.history.write({ type: 'nemesis', step: number, phase, atMs, ...(why !== undefined && { why }) });
      const seconds = (atMs / 1_000).toFixed(1).padStart(6);
      this.say(
        `${seconds} s  ${phase === 'end' ? 'healed: ' : ''}${inWords(step)}${why === undefined ? '' : `: ${why}`}`,
      );
    };
    const heal = await kindCalled(step.fault)
      .inject(this.system, step.with)
      .catch((error: unknown) => {
        write('failed', error instanceof Error ? error.message : String(error));
      });
    if (!heal) return;
    write('start');
    await this.until(this.history.nowMs + step.lastsMs);
    await heal();
    if (step.lastsMs > 0) write('end');
  }

  private async until(atMs: number): Promise<void> {
    const { signal } = this.over;
    await pause(Math.max(0, atMs - this.history.nowMs), undefined, { signal }).catch(() => {});
  }
}

/** A fault for people: its name, and what it was drawn with. */
export function inWords({ fault, with: drawn }: Step): string {
  const details = Object.values(drawn).join(' ');
  return details === '' ? fault : `${fault} (${details})`;
}
