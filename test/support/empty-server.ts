import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** Where a server should be: it takes each connection, and ends it at once. It knows when it was knocked at. */
export class EmptyServer {
  /** When somebody connected, in milliseconds since this was started. */
  readonly knocks: number[] = [];
  private readonly startedAt = performance.now();
  private readonly server = createServer((socket) => {
    this.knocks.push(performance.now() - this.startedAt);
    socket.on('error', () => {}).destroy();
  });

  static async start(): Promise<EmptyServer> {
    const empty = new EmptyServer();
    empty.server.listen(0, '127.0.0.1');
    await once(empty.server, 'listening');
    return empty;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Between two knocks each, in milliseconds. */
  get pauses(): number[] {
    return this.knocks.slice(1).map((at, index) => at - (this.knocks[index] ?? 0));
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}
