import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP link that can go silent in both directions while every connection stays open. */
export class FreezableLink {
  private readonly sockets = new Set<Socket>();
  private frozen = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<FreezableLink> {
    const { hostname, port } = new URL(target);
    const server = createServer((near) => link.join(near, connect(Number(port), hostname)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = new URL(target);
    url.hostname = '127.0.0.1';
    url.port = String((server.address() as AddressInfo).port);
    const link: FreezableLink = new FreezableLink(server, url.href);
    return link;
  }

  freeze(): void {
    this.frozen = true;
    this.sockets.forEach((socket) => socket.pause());
  }

  /** New connections get through; those that were silent are cut. */
  thaw(): void {
    this.frozen = false;
    this.sockets.forEach((socket) => socket.destroy());
  }

  async close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => {});
      from.on('close', () => {
        this.sockets.delete(from);
        if (!this.frozen) to.destroy(); // a frozen link tells nobody that the other end is gone
      });
      if (this.frozen) from.pause();
    }
  }
}
