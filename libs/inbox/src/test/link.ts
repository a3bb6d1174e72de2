import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP link in front of a server that a test can break. */
export class Link {
  private readonly sockets = new Set<Socket>();
  private mode: 'up' | 'refused' | 'answer lost' = 'up';

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async to(host: string, port: number): Promise<Link> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const link = new Link(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => link.accept(client, connect(port, host)));
    return link;
  }

  /** The same URL, through this link. */
  through(url: string): string {
    return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(this.port) }).href;
  }

  cut(): void {
    this.mode = 'refused';
    for (const socket of this.sockets) socket.destroy();
  }

  /** The next answer is cut off: what was asked happens, and nobody hears of it. */
  loseNextAnswer(): void {
    this.mode = 'answer lost';
  }

  heal(): void {
    this.mode = 'up';
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    }
    if (this.mode === 'refused') {
      client.destroy();
      upstream.destroy();
    }
    client.on('data', (bytes) => upstream.write(bytes)).on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => {
      if (this.mode !== 'answer lost') return void client.write(bytes);
      this.mode = 'up';
      client.destroy();
    });
  }
}
