import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { ack, framesOf, isBody, isMethod, nack } from './amqp-frames.js';

/** A login begins with this, and not with a frame. */
const protocolHeaderBytes = 8;

/**
 * A link to a broker that waits until a publisher has sent so many messages, and then hands each on only when the one
 * before was answered. So a test can act between two messages of one slice.
 */
export class OneByOneLink {
  private readonly server = createServer({ noDelay: true }, (client) => void this.lead(client));
  private readonly clients = new Set<Socket>();

  private constructor(
    private readonly brokerPort: number,
    private readonly together: number,
    private readonly beforeNext: (answer: 'confirmed' | 'refused') => Promise<void>,
  ) {}

  /**
   * @param together   how many messages must have been sent before the first of them goes on
   * @param beforeNext awaited after each answer, before the next message goes on
   */
  static async to(
    brokerPort: number,
    together: number,
    beforeNext: (answer: 'confirmed' | 'refused') => Promise<void>,
  ): Promise<OneByOneLink> {
    const link = new OneByOneLink(brokerPort, together, beforeNext);
    link.server.listen(0, '127.0.0.1');
    await once(link.server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private async lead(client: Socket): Promise<void> {
    const broker = connect({ port: this.brokerPort, host: '127.0.0.1', noDelay: true });
    this.clients.add(client);
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy());
    client.on('close', () => this.clients.delete(client));
    const answered = this.answersOf(broker, client);
    const held: Buffer[] = [];
    let sent = 0;
    let isHandingOn = false;
    const handOn = async () => {
      if (isHandingOn) return;
      isHandingOn = true;
      for (let frame = held.shift(); frame !== undefined; frame = held.shift()) {
        broker.write(frame);
        if (isBody(frame)) await this.beforeNext(await answered());
      }
      isHandingOn = false;
    };
    for await (const frame of framesFrom(client)) {
      held.push(frame);
      if (isBody(frame)) sent++;
      if (sent === 0 || sent >= this.together) void handOn();
    }
  }

  /** Lets the client hear everything. @returns what waits for the broker's next answer to a message */
  private answersOf(broker: Socket, client: Socket): () => Promise<'confirmed' | 'refused'> {
    const heard = Promise.withResolvers<'confirmed' | 'refused'>();
    let next = heard;
    let unread: Buffer = Buffer.alloc(0);
    broker.on('data', (chunk: Buffer) => {
      client.write(chunk);
      const { whole, rest } = framesOf(Buffer.concat([unread, chunk]));
      unread = rest;
      for (const frame of whole) {
        if (isMethod(frame, ack)) next.resolve('confirmed');
        if (isMethod(frame, nack)) next.resolve('refused');
      }
    });
    return async () => {
      const answer = await next.promise;
      next = Promise.withResolvers();
      return answer;
    };
  }
}

async function* framesFrom(client: Socket): AsyncGenerator<Buffer> {
  let unread: Buffer = Buffer.alloc(0);
  let greeted = false;
  for await (const chunk of client as AsyncIterable<Buffer>) {
    unread = Buffer.concat([unread, chunk]);
    if (!greeted && unread.length >= protocolHeaderBytes) {
      yield unread.subarray(0, protocolHeaderBytes);
      unread = unread.subarray(protocolHeaderBytes);
      greeted = true;
    }
    const { whole, rest } = framesOf(unread);
    unread = rest;
    yield* whole;
  }
}
