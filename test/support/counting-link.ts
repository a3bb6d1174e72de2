import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Hears what passes on one connection, in chunks as they come. */
export interface Listener {
  sent(chunk: Buffer): void;
  answered(chunk: Buffer): void;
}

/**
 * A TCP link on which somebody counts. It never stops reading: what a client in this process sends in one go is heard
 * before any answer to it, however long it is.
 */
export class CountingLink {
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param listen gives each connection its listener */
  static async to(port: number, listen: () => Listener): Promise<CountingLink> {
    const server = createServer((client) => link.accept(client, connect(port, '127.0.0.1'), listen()));
    const link: CountingLink = new CountingLink(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
    await once(this.server, 'close');
  }

  private accept(client: Socket, server: Socket, listener: Listener): void {
    this.join(client, server, (chunk) => listener.sent(chunk));
    this.join(server, client, (chunk) => listener.answered(chunk));
  }

  private join(from: Socket, to: Socket, hear: (chunk: Buffer) => void): void {
    this.sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      hear(chunk);
      to.write(chunk);
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
  }
}
