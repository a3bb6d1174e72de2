import type { Random } from './dice.js';
import type { ToxicBehaviour } from './toxics/behaviour.js';

/** Bytes as they arrived, and when, on `performance.now()`'s clock. */
export interface Chunk {
  data: Buffer;
  arrivedMs: number;
}

/**
 * How a direction ends. `half-close`: the sender has said all, its other direction goes on. `close`: the
 * connection is over, by a lost peer or a toxic.
 */
export type Ending = 'half-close' | 'close';

/** Where a stage's output goes: the next stage, or the socket. Resolves when there is room for more. */
export interface Outlet {
  put(chunk: Chunk): Promise<void>;
  end(ending: Ending): Promise<void>;
}

export type Taken =
  | { kind: 'chunk'; chunk: Chunk }
  | { kind: 'end'; ending: Ending } // comes again at each take
  | { kind: 'silence' } // nothing came for as long as was asked
  | { kind: 'interrupted' }; // the behaviour is to return, at once and with nothing held back

export interface StageOptions {
  /** The behaviour to run; asked again whenever the behaviour is interrupted. */
  draw: () => ToxicBehaviour;
  random: Random;
  output: Outlet;
  /** How many chunks wait in here before the sender has to. */
  capacity: number;
}

/**
 * One toxic on one direction of one connection: a bounded queue and a loop that lets the toxic's behaviour take from
 * it. Behaviours come and go while bytes are under way; nothing is dropped or reordered by that.
 */
export class Stage implements Outlet {
  /** The next stage or the socket; moved when a toxic is added behind this one or removed. */
  output: Outlet;
  /** What a behaviour counts over its connection's life; survives an update of the toxic. */
  transmittedBytes = 0;

  readonly #queue: Chunk[] = [];
  #ending: Ending | undefined;
  #state: 'running' | 'retiring' | 'retired' | 'closed' = 'running';
  #interrupted = false;
  #settled: () => void = () => {};
  #wake = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();

  /** For behaviours: chance, repeatable by the seed. */
  readonly random: Random;
  readonly #draw: () => ToxicBehaviour;
  readonly #capacity: number;

  constructor({ draw, random, output, capacity }: StageOptions) {
    this.#draw = draw;
    this.random = random;
    this.output = output;
    this.#capacity = capacity;
  }

  /** Runs until the direction has ended or the stage has retired. */
  async run(): Promise<void> {
    while (this.#state === 'running') {
      this.#interrupted = false;
      await this.#draw()(this);
    }
    while (this.#state === 'retiring') {
      const chunk = this.#dequeue();
      if (chunk) await this.output.put(chunk);
      else if (this.#ending) await this.close(this.#ending);
      else {
        this.#state = 'retired'; // from here on put() goes straight to the output: nothing can slip in between
        this.#settled();
      }
    }
  }

  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Starts the behaviour anew, with what may have changed about it. */
  interrupt(): void {
    this.#interrupted = true;
    this.#wakeUp();
  }

  /** Lets out what is held, then becomes a mere pipe and calls `settled`; never, if the direction ends before. */
  retire(settled: () => void): void {
    if (this.#state !== 'running') return;
    this.#state = 'retiring';
    this.#settled = settled;
    this.#makeRoom();
    this.interrupt();
  }

  async put(chunk: Chunk): Promise<void> {
    while (this.#queue.length >= this.#capacity && this.#state === 'running') await this.#room.promise;
    if (this.#state === 'closed') return; // the connection is closing behind this stage: nobody can take these bytes
    if (this.#state === 'retired') return this.output.put(chunk);
    this.#queue.push(chunk);
    this.#wakeUp();
  }

  async end(ending: Ending): Promise<void> {
    if (this.#state === 'closed') return;
    if (this.#state === 'retired') return this.output.end(ending);
    this.#ending ??= ending;
    this.#wakeUp();
  }

  /** For behaviours: the next chunk, or why there is none. */
  async take(silenceMs?: number): Promise<Taken> {
    const untilMs = silenceMs === undefined ? undefined : performance.now() + silenceMs;
    for (;;) {
      if (this.#interrupted) return { kind: 'interrupted' };
      const chunk = this.#dequeue();
      if (chunk) return { kind: 'chunk', chunk };
      if (this.#ending) return { kind: 'end', ending: this.#ending };
      if (untilMs === undefined) await this.#wake.promise;
      else if (!(await this.#wokenBefore(untilMs))) return { kind: 'silence' };
    }
  }

  /** For behaviours: waits, or less if the behaviour is interrupted. */
  async pause(ms: number): Promise<void> {
    const untilMs = performance.now() + ms;
    while (!this.#interrupted && (await this.#wokenBefore(untilMs)));
  }

  /** For behaviours: waits whatever is changed about the toxic, or less if the connection is over. */
  async sleep(ms: number): Promise<void> {
    const untilMs = performance.now() + ms;
    while (this.#state !== 'closed' && (await this.#wokenBefore(untilMs)));
  }

  /** For behaviours: passes bytes on, and waits until there is room for more. */
  send(data: Buffer, arrivedMs: number): Promise<void> {
    return this.output.put({ data, arrivedMs });
  }

  /** Ends the direction here; whatever is held or still arrives is dropped. */
  async close(ending: Ending): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#queue.length = 0;
    this.#makeRoom();
    this.interrupt();
    await this.output.end(ending);
  }

  #dequeue(): Chunk | undefined {
    const chunk = this.#queue.shift();
    if (chunk) this.#makeRoom();
    return chunk;
  }

  #wakeUp(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  #makeRoom(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers<void>();
  }

  /** False when the time has come; true when something has changed before, and then the caller looks again. */
  async #wokenBefore(untilMs: number): Promise<boolean> {
    const waitMs = untilMs - performance.now();
    if (waitMs <= 0) return false;
    const timeout = Promise.withResolvers<true>();
    // setTimeout fires at once for what does not fit 31 bits; 24 days later the caller just asks again.
    const timer = setTimeout(() => timeout.resolve(true), Math.min(Math.ceil(waitMs), 0x7fff_ffff));
    await Promise.race([this.#wake.promise, timeout.promise]);
    clearTimeout(timer);
    return true;
  }
}
