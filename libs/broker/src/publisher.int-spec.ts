import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BrokerConnection } from './broker-connection.js';
import {
  BrokerUnreachable,
  ConfirmTimeout,
  PublishRefused,
  Unpublishable,
  Unroutable,
} from './publish-failures.js';
import { Publisher } from './publisher.js';
import { setUpBroker } from './set-up-broker.js';
import { eventually, failureOf, ids, messages, takenIds, TestBroker } from './testing/test-broker.js';
import { TestLink } from './testing/test-link.js';

jest.setTimeout(30_000);

describe('publisher', () => {
  let broker: TestBroker;
  let link: TestLink;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let impatient: Publisher;
  const queue = 'ledger.payments.0';

  beforeAll(async () => (broker = await TestBroker.start()));
  afterAll(() => broker.stop());
  beforeEach(async () => {
    link = await TestLink.to(broker.port);
    connection = await broker.connected('relay', { port: link.port });
    publisher = new Publisher(connection, { exchange: 'payments', confirmTimeoutMs: 10_000 });
    impatient = new Publisher(connection, { exchange: 'payments', confirmTimeoutMs: 1_500 });
  });
  afterEach(async () => {
    link.heal();
    await connection.close();
    await link.close();
    await broker.admin.ask('DELETE', ['policies', broker.setup.vhost, 'full']);
    await broker.admin.ask('DELETE', ['exchanges', broker.setup.vhost, 'payments']);
    await setUpBroker(broker.setup);
    await broker.admin.ask('DELETE', ['queues', broker.setup.vhost, queue, 'contents']);
  });

  it('delivers all messages in order, persistent, with everything they carry', async () => {
    await publisher.publishAll(0, messages('a', 300));
    const taken = await broker.take(queue);
    expect(takenIds(taken)).toEqual(ids(messages('a', 300)));
    expect(taken[7]).toMatchObject({
      fields: { routingKey: 'payment.accepted.0' },
      content: Buffer.from('x'.repeat(20)),
      properties: {
        deliveryMode: 2,
        contentType: 'application/cloudevents+json',
        type: 'payment.accepted',
        appId: 'payments',
        headers: { key: 'a-7', schemaversion: 1 },
      },
    });
    expect(Math.abs(Number(taken[7]?.properties.timestamp) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('delivers each message with its own headers, be they as those of the one before or not', async () => {
    const headers = [
      { key: 'a' },
      { key: 'b' },
      { key: 'c', causation: 'a' },
      { key: 'd' },
      { causation: 'e' },
    ];
    await publisher.publishAll(
      0,
      messages('a', 5).map((message, index) => ({ ...message, headers: headers[index] ?? {} })),
    );
    const taken = await broker.take(queue);
    expect(taken.map(({ properties }) => properties.headers)).toEqual(headers);
  });

  it('D8: fails what no queue takes, although the broker confirms it: returned, then confirmed, is a failure', async () => {
    await broker.deleteBindings(queue);
    const failure = await failureOf(publisher.publishAll(0, messages('a', 3)));
    expect(failure).toBeInstanceOf(Unroutable);
    expect(failure).toMatchObject({ messageIds: ['a-0', 'a-1', 'a-2'] });
  });

  it('D7: fails what the broker nacks', async () => {
    await broker.admin.ask('PUT', ['policies', broker.setup.vhost, 'full'], {
      pattern: '^ledger',
      definition: { 'max-length': 5 },
      'apply-to': 'queues',
    });
    let failure: unknown;
    await eventually(async () => {
      failure = await failureOf(publisher.publishAll(0, messages('a', 100)));
      return failure !== undefined;
    });
    expect(failure).toBeInstanceOf(PublishRefused);
    expect((failure as PublishRefused).messageIds.length).toBeGreaterThan(0);
  });

  it('D1: fails at once and keeps nothing while the broker is away', async () => {
    link.cut();
    await eventually(() => connection.state.kind === 'down');
    const before = performance.now();
    expect(await failureOf(publisher.publishAll(0, messages('lost', 3)))).toBeInstanceOf(BrokerUnreachable);
    expect(performance.now() - before).toBeLessThan(100);
    link.heal();
    await eventually(() => connection.state.kind === 'up');
    await publisher.publishAll(0, messages('next', 1));
    expect(takenIds(await broker.take(queue))).toEqual(['next-0']);
  });

  it('D4: fails everything that is unconfirmed when the connection is cut', async () => {
    link.hold('down');
    const failure = failureOf(publisher.publishAll(0, messages('a', 500)));
    const other = failureOf(publisher.publishAll(1, messages('b', 500, { shard: 1 })));
    // The channels are opened through the held link too: let those answers pass, then hold the confirms.
    link.cut();
    expect(await failure).toBeInstanceOf(BrokerUnreachable);
    expect(await other).toBeInstanceOf(BrokerUnreachable);
  });

  it('D2 D4: fails everything that is unconfirmed when the connection is cut between publish and confirm', async () => {
    await publisher.publishAll(0, messages('warm', 1));
    link.hold('down');
    const failure = await failureOf(publisher.publishAll(0, messages('a', 500), () => link.cut()));
    expect(failure).toBeInstanceOf(BrokerUnreachable);
    expect((failure as BrokerUnreachable).reason).toMatch(/ECONNRESET|closed|close/);
  });

  it('D2: gives up on confirms that do not come in time, and says which', async () => {
    await warmUp(impatient);
    link.hold('down');
    const before = performance.now();
    const failure = await failureOf(impatient.publishAll(0, messages('a', 3)));
    expect(failure).toBeInstanceOf(ConfirmTimeout);
    expect(failure).toMatchObject({ messageIds: ['a-0', 'a-1', 'a-2'] });
    expect(performance.now() - before).toBeGreaterThan(1_490);
    link.heal();
    await warmUp(impatient);
  });

  it('D3: lets nothing of a failed slice follow what is published on the lane later', async () => {
    const lasting = new Publisher(connection, { exchange: 'payments', confirmTimeoutMs: 5_000 });
    await lasting.publishAll(0, messages('warm', 1));
    link.hold('up'); // what has no room in the socket stays in the channel
    const large = messages('late', 500, { bodyBytes: 100_000 });
    expect(await failureOf(lasting.publishAll(0, large))).toBeInstanceOf(ConfirmTimeout);
    const next = failureOf(lasting.publishAll(0, messages('next', 1)));
    link.release();
    expect(await next).toBeUndefined();
    const arrived = takenIds(await broker.take(queue));
    expect(arrived.at(-1)).toBe('next-0');
    expect(arrived.length).toBeGreaterThan(2);
  });

  it('D3: keeps no more in memory than the broker takes', async () => {
    await warmUp(impatient);
    link.hold('up');
    let left = false;
    const body = { bodyBytes: 3_000 };
    const failure = await failureOf(
      impatient.publishAll(0, messages('a', 20_000, body), () => (left = true)),
    );
    expect(failure).toBeInstanceOf(ConfirmTimeout);
    expect(left).toBe(false);
    expect((failure as ConfirmTimeout).messageIds.length).toBeLessThan(10_000);
  });

  it('D14: does not give up on a slow link while confirms keep coming', async () => {
    const patient = new Publisher(connection, { exchange: 'payments', confirmTimeoutMs: 2_000 });
    await warmUp(patient);
    const before = performance.now();
    const slowly = setInterval(() => {
      link.release();
      setTimeout(() => link.hold('up'), 2);
    }, 150);
    try {
      await patient.publishAll(0, messages('a', 1_000, { bodyBytes: 100_000 }));
    } finally {
      clearInterval(slowly);
    }
    expect(performance.now() - before).toBeGreaterThan(2_000); // longer than may pass without a confirm
  });

  it('D9: says that the exchange is missing, and publishes again once it is there', async () => {
    await broker.admin.ask('DELETE', ['exchanges', broker.setup.vhost, 'payments']);
    const failure = await failureOf(publisher.publishAll(0, messages('a', 3)));
    expect(failure).toBeInstanceOf(PublishRefused);
    expect((failure as PublishRefused).reason).toMatch(/404/);
    await setUpBroker(broker.setup);
    await publisher.publishAll(0, messages('b', 3));
    expect(connection.state.kind).toBe('up');
    expect(link.accepted).toBe(1);
  });

  it('D12: says that publishing is not permitted, and keeps the connection', async () => {
    const elsewhere = new Publisher(connection, { exchange: 'payments.dead', confirmTimeoutMs: 10_000 });
    const failure = await failureOf(elsewhere.publishAll(0, messages('a', 3)));
    expect(failure).toBeInstanceOf(PublishRefused);
    expect((failure as PublishRefused).reason).toMatch(/403/);
    await publisher.publishAll(0, messages('b', 3));
    expect(link.accepted).toBe(1);
  });

  it.each([
    ['headers over 64 KB', { headers: { key: 'x'.repeat(70_000) } }, /exceeds/],
    ['a message id over 255 bytes', { messageId: 'i'.repeat(256) }, /messageId/],
    ['a routing key over 255 bytes', { routingKey: 'r'.repeat(256) }, /routingKey/],
    ['a broken timestamp', { timestamp: new Date(Number.NaN) }, /timestamp/],
  ])(
    'D15: names a message that can never be published, and the channel stays: %s',
    async (_, fault, detail) => {
      const [before, faulty, after] = messages('a', 3);
      if (!before || !faulty || !after) throw new Error('Bug');
      const failure = await failureOf(publisher.publishAll(0, [before, { ...faulty, ...fault }, after]));
      expect(failure).toBeInstanceOf(Unpublishable);
      expect((failure as Unpublishable).messageId).toBe({ ...faulty, ...fault }.messageId);
      expect(failure).toMatchObject({ reason: 'unencodable', detail: expect.stringMatching(detail) });
      await publisher.publishAll(0, [after]);
      const arrived = takenIds(await broker.take(queue));
      expect(arrived).toEqual(['a-0', 'a-2']);
    },
  );

  it('D15: names a message that is larger than the broker takes', async () => {
    const overview = (await broker.admin.ask('GET', ['overview'])) as { rabbitmq_version: string };
    const limit = overview.rabbitmq_version.startsWith('3.') ? 128 * 2 ** 20 : 16 * 2 ** 20;
    const [large] = messages('large', 1, { bodyBytes: limit + 1 });
    if (!large) throw new Error('Bug');
    const slice = [...messages('a', 2), large, ...messages('b', 2)];
    const failure = await failureOf(publisher.publishAll(0, slice));
    expect(failure).toBeInstanceOf(Unpublishable);
    const detail = expect.stringMatching(/message size \d+/);
    expect(failure).toMatchObject({ messageId: 'large-0', reason: 'too-big', detail });
    await publisher.publishAll(0, messages('b', 2));
    expect(link.accepted).toBe(1);
  });

  it('refuses two publishes at a time on one lane as a bug, and takes them on two', async () => {
    const first = publisher.publishAll(0, messages('a', 3));
    const second = failureOf(publisher.publishAll(0, messages('b', 3)));
    await publisher.publishAll(1, messages('c', 3, { shard: 1 }));
    expect(String(await second)).toMatch(/Bug/);
    await first;
  });

  it('calls back when all messages have left, before they are confirmed', async () => {
    await publisher.publishAll(0, messages('warm', 1));
    link.hold('down');
    let left = false;
    const done = failureOf(publisher.publishAll(0, messages('a', 3), () => (left = true)));
    await eventually(() => left);
    link.release();
    expect(await done).toBeUndefined();
  });

  it('has handed everything to the network when it calls back: a process that dies there has published', async () => {
    await publisher.publishAll(0, messages('a', 1));
    link.hold('down'); // a confirm that nobody has read when the socket closes makes the kernel reset it, and lose what is on its way
    await failureOf(publisher.publishAll(0, messages('b', 3), () => connection.cut('as by kill -9')));
    link.release();
    const arrived: string[] = [];
    await eventually(async () => arrived.push(...takenIds(await broker.take(queue))) >= 4);
    expect(arrived).toEqual(['a-0', 'b-0', 'b-1', 'b-2']);
  });
});

/** Its channel is open. The first confirm may take longer than it is patient: the broker writes to a disk. */
async function warmUp(publisher: Publisher): Promise<void> {
  await eventually(async () => (await failureOf(publisher.publishAll(0, messages('warm', 1)))) === undefined);
}
