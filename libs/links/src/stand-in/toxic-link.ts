import type { Socket } from 'node:net';
import type { ConnectionDice, Random } from './dice.js';
import { Stage, type Chunk, type Ending, type Outlet } from './stage.js';
import type { Direction, Toxic } from './toxic.js';

/** One direction of a connection: bytes go from a socket through the stages of its toxics into another socket. */
export class ToxicLink {
  readonly #sink: SocketSink;
  /** Two, so that whom a toxic touches does not depend on how many bytes passed before. */
  readonly #draws: Random;
  readonly #random: Random;
  readonly #stages: { toxic: Toxic; stage: Stage }[] = [];

  constructor(
    readonly direction: Direction,
    private readonly source: Socket,
    target: Socket,
    toxics: readonly Toxic[],
    withReset: boolean,
    dice: ConnectionDice,
  ) {
    this.#draws = dice(`${direction} toxicity`);
    this.#random = dice(`${direction} bytes`);
    this.#sink = new SocketSink(target, withReset);
    for (const toxic of toxics) this.add(toxic);
    void this.#read();
  }

  /** Appends a stage. The one before it starts anew, as in Toxiproxy: what it holds goes out, its toxicity is drawn again. */
  add(toxic: Toxic): void {
    const stage = new Stage({
      draw: () => toxic.draw(this.#draws),
      random: this.#random,
      output: this.#sink,
      capacity: toxic.type.capacity ?? 1,
    });
    const last = this.#stages.at(-1)?.stage;
    this.#stages.push({ toxic, stage });
    void stage.run();
    if (!last) return;
    last.output = stage;
    last.interrupt();
  }

  update(toxic: Toxic): void {
    this.#stages.find((one) => one.toxic === toxic)?.stage.interrupt();
  }

  remove(toxic: Toxic): void {
    const index = this.#stages.findIndex((one) => one.toxic === toxic);
    const removed = this.#stages[index];
    if (!removed) return;
    if (toxic.type.closesOnRemoval) return void removed.stage.close('close');
    this.#stages[index - 1]?.stage.interrupt();
    removed.stage.retire(() => {
      const at = this.#stages.indexOf(removed);
      const before = this.#stages[at - 1];
      if (before) before.stage.output = removed.stage.output;
      this.#stages.splice(at, 1);
    });
  }

  /** Frees whatever waits in here once the sockets are gone. */
  abandon(): void {
    for (const { stage } of this.#stages) void stage.close('close');
  }

  /** One chunk at a time: while it waits in here the socket is not read, and TCP slows the sender down. */
  async #read(): Promise<void> {
    let ending: Ending = 'half-close';
    try {
      const chunks: AsyncIterable<Buffer> = this.source.iterator({ destroyOnReturn: false });
      for await (const data of chunks) await this.#head.put({ data, arrivedMs: performance.now() });
    } catch {
      ending = 'close'; // reset by its peer, or closed by us
    }
    await this.#head.end(ending);
  }

  get #head(): Outlet {
    return this.#stages[0]?.stage ?? this.#sink;
  }
}

/** The end of a link: writes at the pace of the socket's peer. */
class SocketSink implements Outlet {
  #ended = false;

  /** @param withReset ends with RST instead of FIN, as a socket that lingers for no time at all does */
  constructor(
    private readonly socket: Socket,
    private readonly withReset: boolean,
  ) {}

  async put({ data }: Chunk): Promise<void> {
    if (this.#ended || !this.socket.writable || this.socket.write(data)) return;
    const room = Promise.withResolvers<void>();
    const resolve = () => room.resolve();
    this.socket.once('drain', resolve).once('close', resolve);
    await room.promise;
    this.socket.off('drain', resolve).off('close', resolve);
  }

  async end(ending: Ending): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (this.withReset) this.socket.resetAndDestroy();
    else if (ending === 'close') this.socket.destroySoon();
    else this.socket.end();
  }
}
