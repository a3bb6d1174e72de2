import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const typeOf = (name: string) => name.charCodeAt(0);
const [query, parse, bind, execute] = [typeOf('Q'), typeOf('P'), typeOf('B'), typeOf('E')];

/**
 * A port that leads to Postgres, and counts which statements are sent through it.
 * @see https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class StatementCounter {
  private readonly sockets = new Set<Socket>();
  private counted = new Map<string, number>();

  private constructor(private readonly server: Server) {}

  static async before(port: number): Promise<StatementCounter> {
    const server = createServer((client) => counter.accept(client, connect(port, '127.0.0.1')));
    const counter: StatementCounter = new StatementCounter(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return counter;
  }

  /** The same URL, through here. */
  through(url: string | undefined): string {
    const here = new URL(url ?? '');
    here.port = String((this.server.address() as AddressInfo).port);
    return here.href;
  }

  reset(): void {
    this.counted = new Map();
  }

  /** How often each was sent since the last reset. */
  get statements(): ReadonlyMap<string, number> {
    return this.counted;
  }

  async close(): Promise<void> {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
    await once(this.server, 'close');
  }

  private accept(client: Socket, server: Socket): void {
    const texts = new Map<string, string>(); // of prepared statements, by name
    let bound = '';
    let unread: Buffer = Buffer.alloc(0);
    let typeBytes = 0; // the first message of a connection has none
    client.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      while (unread.length >= typeBytes + 4 && unread.length >= typeBytes + unread.readInt32BE(typeBytes)) {
        const length = typeBytes + unread.readInt32BE(typeBytes);
        const type = typeBytes === 0 ? undefined : unread[0];
        const [first = '', second = ''] = unread.toString('utf8', typeBytes + 4, length).split('\0');
        if (type === query) this.count(first);
        if (type === parse) texts.set(first, second);
        if (type === bind) bound = texts.get(second) ?? '';
        if (type === execute) this.count(bound);
        unread = unread.subarray(length);
        typeBytes = 1;
      }
    });
    for (const [from, to] of [
      [client, server],
      [server, client],
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

  private count(text: string): void {
    const statement = text.replace(/\s+/g, ' ').trim();
    this.counted.set(statement, (this.counted.get(statement) ?? 0) + 1);
  }
}
