import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A link to a broker that a test can cut, hold and speak into, down to the byte. */
export class TestLink {
  /** Connections accepted so far. */
  accepted = 0;
  private isCut = false;
  private readonly held = new Set<'up' | 'down'>();
  private readonly pairs = new Set<{ client: Socket; broker: Socket }>();

  private constructor(
    private readonly server: Server,
    private readonly brokerPort: number,
    /** What the client is told instead of what the broker says; null ends the connection there. */
    private readonly rewrite: (chunk: Buffer, saidBefore: number) => (Buffer | null)[],
  ) {
    server.on('connection', (client: Socket) => this.accept(client));
  }

  static async to(
    brokerPort: number,
    rewrite: (chunk: Buffer, saidBefore: number) => (Buffer | null)[] = (chunk) => [chunk],
  ): Promise<TestLink> {
    const server = createServer();
    const link = new TestLink(server, brokerPort, rewrite);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Open connections end at once; new ones end as soon as they are made. */
  cut(): void {
    this.isCut = true;
    this.dropConnections();
  }

  heal(): void {
    this.isCut = false;
    this.release();
  }

  dropConnections(): void {
    for (const { client, broker } of this.pairs) {
      client.resetAndDestroy();
      broker.destroy();
    }
  }

  /** Nothing passes in this direction any more, and nobody is told: `up` is what the client says. */
  hold(direction: 'up' | 'down'): void {
    this.held.add(direction);
    for (const { client, broker } of this.pairs) (direction === 'up' ? client : broker).pause();
  }

  release(): void {
    this.held.clear();
    for (const { client, broker } of this.pairs) {
      client.resume();
      broker.resume();
    }
  }

  /** Says something in the broker's name. */
  say(bytes: Buffer): void {
    for (const { client } of this.pairs) client.write(bytes);
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    this.accepted++;
    client.on('error', () => {});
    if (this.isCut) return void client.destroy();
    const broker = connect(this.brokerPort, '127.0.0.1');
    broker.on('error', () => {});
    const pair = { client, broker };
    this.pairs.add(pair);
    let said = 0;
    broker.on('data', (chunk) => {
      for (const part of this.rewrite(chunk, said)) {
        if (part === null) client.destroy();
        else if (!client.destroyed) client.write(part);
      }
      said += chunk.length;
    });
    client.on('data', (chunk) => {
      if (!broker.write(chunk)) {
        client.pause();
        broker.once('drain', () => this.held.has('up') || client.resume());
      }
    });
    client.on('close', () => {
      this.pairs.delete(pair);
      broker.destroy();
    });
    broker.on('close', () => client.destroy());
    if (this.held.has('up')) client.pause();
    if (this.held.has('down')) broker.pause();
  }
}
