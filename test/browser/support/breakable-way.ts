import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The way from the browser to the console, which no link of the system is: it can break, and it can fall silent. */
export class BreakableWay {
  private readonly sockets = new Set<Socket>();
  private isBroken = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<BreakableWay> {
    const server = createServer((browser) =>
      way.accept(browser, connect(Number(new URL(target).port), '127.0.0.1')),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const way: BreakableWay = new BreakableWay(
      server,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    return way;
  }

  /** Open connections are closed, new ones are refused. */
  break(): void {
    this.isBroken = true;
    for (const socket of this.sockets) socket.destroy();
  }

  /** Connections stay open, and nothing passes: as when the console hangs. */
  silence(): void {
    for (const socket of this.sockets) socket.pause();
  }

  heal(): void {
    this.isBroken = false;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.break();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(browser: Socket, console: Socket): void {
    if (this.isBroken) browser.destroy();
    for (const [from, to] of [
      [browser, console],
      [console, browser],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => {});
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }
}
