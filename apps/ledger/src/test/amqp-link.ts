import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The ledger's link to its broker, as a test can break it. */
export class AmqpLink {
  /** Connections made so far. */
  accepted = 0;
  /** What the broker has sent over the last of them, in bytes. */
  delivered = 0;
  private isCut = false;
  private holdsUp = false;
  private readonly pairs = new Set<{ client: Socket; broker: Socket }>();

  private constructor(
    private readonly server: Server,
    private readonly brokerPort: number,
  ) {}

  static async to(brokerPort: number): Promise<AmqpLink> {
    const server = createServer();
    const link = new AmqpLink(server, brokerPort);
    server.on('connection', (client: Socket) => link.accept(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Open connections end; new ones may be made at once. */
  dropConnections(): void {
    for (const { client, broker } of this.pairs) {
      client.resetAndDestroy();
      broker.destroy();
    }
  }

  cut(): void {
    this.isCut = true;
    this.dropConnections();
  }

  heal(): void {
    this.isCut = this.holdsUp = false;
  }

  /** What the ledger says is lost from now on, until its connection ends; what the broker says still arrives. */
  loseWhatTheLedgerSays(): void {
    this.holdsUp = true;
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
    const broker = connect(this.brokerPort, '127.0.0.1').on('error', () => {});
    const pair = { client, broker };
    this.delivered = 0;
    this.pairs.add(pair);
    client.on('data', (bytes) => this.holdsUp || broker.write(bytes));
    broker.on('data', (bytes) => {
      this.delivered += bytes.length;
      client.write(bytes);
    });
    client.on('close', () => {
      this.pairs.delete(pair);
      broker.destroy();
    });
    broker.on('close', () => client.destroy());
  }
}
