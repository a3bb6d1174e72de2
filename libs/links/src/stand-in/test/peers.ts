import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** An upstream that keeps what it got, and answers only when told to; `echo` sends everything straight back. */
export async function startUpstream({ echo = false } = {}) {
  const sockets: Socket[] = [];
  const ends: Peer[] = [];
  const waiting: ((peer: Peer) => void)[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    if (echo) {
      socket.pipe(socket);
      return;
    }
    const peer = new Peer(socket);
    const waiter = waiting.shift();
    if (waiter) waiter(peer);
    else ends.push(peer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Bug: a TCP server has a port');
  return {
    address: `127.0.0.1:${address.port}`,
    /** The next connection's upstream end. */
    accepted: (): Promise<Peer> => {
      const ready = ends.shift();
      return ready ? Promise.resolve(ready) : new Promise((resolve) => waiting.push(resolve));
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One end of a connection: what arrived and when, and how it ended. */
export class Peer {
  /** Each piece that arrived, and when, in ms on `performance.now()`'s clock. */
  readonly pieces: { data: Buffer; atMs: number }[] = [];
  receivedBytes = 0;
  ended = false;
  /** How the connection ended: '' for FIN, or the error's code. */
  closed: string | undefined;
  endedAtMs: number | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(readonly socket: Socket) {
    let code = '';
    socket.on('data', (data: Buffer) => {
      this.receivedBytes += data.length;
      this.pieces.push({ data, atMs: performance.now() });
      this.#change();
    });
    socket.on('end', () => {
      this.ended = true;
      this.endedAtMs = performance.now();
      this.#change();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? error.message));
    socket.on('close', () => {
      this.closed = code;
      this.endedAtMs ??= performance.now();
      this.#change();
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.pieces.map(({ data }) => data));
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  get over(): boolean {
    return this.ended || this.closed !== undefined;
  }

  async until(condition: (peer: Peer) => boolean): Promise<this> {
    while (!condition(this)) await this.#changed.promise;
    return this;
  }

  send(data: string | Buffer): void {
    this.socket.write(data);
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Connects, and keeps its side open when the other ends. @throws ECONNREFUSED */
export async function connectTo(listen: string): Promise<Peer> {
  const [host = '', port = ''] = listen.split(':');
  const socket = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
  await once(socket, 'connect');
  return new Peer(socket);
}
