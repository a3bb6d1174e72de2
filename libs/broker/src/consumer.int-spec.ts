import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BrokerConnection } from './broker-connection.js';
import { Consumer } from './consumer.js';
import type { Delivery } from './message.js';
import { Publisher } from './publisher.js';
import { setUpBroker } from './set-up-broker.js';
import { eventually, ids, messages, takenIds, TestBroker } from './testing/test-broker.js';
import { TestLink } from './testing/test-link.js';

jest.setTimeout(30_000);

describe('consumer', () => {
  let broker: TestBroker;
  let link: TestLink;
  let connection: BrokerConnection;
  let publisher: Publisher;
  const queues = ['ledger.payments.0', 'ledger.payments.1'];
  const consumers: Consumer[] = [];

  beforeAll(async () => {
    broker = await TestBroker.start();
    publisher = new Publisher(await broker.connected('relay'), {
      exchange: 'payments',
      confirmTimeoutMs: 30_000,
    });
  });
  afterAll(() => broker.stop());
  beforeEach(async () => {
    link = await TestLink.to(broker.port);
    connection = await broker.connected('ledger', { port: link.port });
  });
  afterEach(async () => {
    link.heal();
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
    await connection.close();
    await link.close();
    await setUpBroker(broker.setup);
    for (const queue of queues)
      await broker.admin.ask('DELETE', ['queues', broker.setup.vhost, queue, 'contents']);
  });

  /** A consumer that keeps what it gets, and forgets it when told to. */
  function consume({ prefetch = 500, over = connection } = {}) {
    const seen: Delivery[] = [];
    let held: Delivery[] = [];
    let lost = 0;
    const consumer = new Consumer(over, {
      queues,
      prefetch,
      onDelivery: (delivery) => {
        seen.push(delivery);
        held.push(delivery);
      },
      onLost: () => {
        held = [];
        lost++;
      },
    });
    consumers.push(consumer);
    return { consumer, seen, held: () => held, lost: () => lost };
  }

  const consuming = (consumer: Consumer) => eventually(() => consumer.state.kind === 'consuming');
  const publish = (name: string, count: number, shard = 0) =>
    publisher.publishAll(shard, messages(name, count, { shard }));

  it('has a whole batch of 500 from one queue in hand at once, in order, and no more', async () => {
    await publish('a', 600);
    const { seen } = consume();
    await eventually(() => seen.length >= 500);
    expect(ids(seen)).toEqual(ids(messages('a', 500)));
    expect(seen[3]).toMatchObject({
      queue: 'ledger.payments.0',
      type: 'payment.accepted',
      contentType: 'application/cloudevents+json',
      headers: { key: 'a-3', schemaversion: 1 },
      redelivered: false,
      deliveryCount: 0,
    });
  });

  it('settles a batch from all queues with one ack', async () => {
    await publish('a', 100);
    await publish('b', 100, 1);
    const { consumer, seen } = consume();
    await eventually(() => seen.length === 200);
    const last = seen.at(-2);
    if (last) consumer.ackUpTo({ ...last }); // a copy will do
    await consumer.close();
    const left = [...(await broker.take('ledger.payments.0')), ...(await broker.take('ledger.payments.1'))];
    expect(takenIds(left)).toEqual(ids(seen.slice(-1)));
  });

  it('sends its acks before it closes, also when the connection is closed in the same breath', async () => {
    await publish('a', 10);
    const { consumer, seen } = consume();
    await eventually(() => seen.length === 10);
    const last = seen.at(-1);
    if (last) consumer.ackUpTo(last);
    await connection.close();
    expect(await broker.take('ledger.payments.0')).toEqual([]);
  });

  it('F3: forgets its deliveries when the link is cut, and gets them again in order, counted', async () => {
    await publish('a', 300);
    const { consumer, seen, held, lost } = consume();
    for (let cut = 1; cut <= 3; cut++) {
      await eventually(() => held().length === 300);
      link.dropConnections();
      await eventually(() => lost() === cut);
    }
    await eventually(() => held().length === 300);
    expect(ids(held())).toEqual(ids(messages('a', 300)));
    expect(held().every(({ redelivered, deliveryCount }) => redelivered && deliveryCount === 3)).toBe(true);
    expect(seen).toHaveLength(1_200);
    await consuming(consumer);
    expect(consumer.state).toEqual({ kind: 'consuming', queues });
  });

  it('F3: ignores an ack for a channel that is gone', async () => {
    await publish('a', 10);
    const { consumer, seen, held, lost } = consume();
    await eventually(() => seen.length === 10);
    const [late] = seen.slice(-1);
    link.cut();
    if (late) consumer.ackUpTo(late);
    await eventually(() => lost() === 1);
    if (late) consumer.ackUpTo(late);
    link.heal();
    await eventually(() => held().length === 10);
    if (late) consumer.ackUpTo(late); // the new channel has a delivery with this number
    await consumer.close();
    expect(await broker.take('ledger.payments.0')).toHaveLength(10);
  });

  it('says that a queue is missing, tries less and less often, and consumes once it is there', async () => {
    await broker.admin.ask('DELETE', ['queues', broker.setup.vhost, 'ledger.payments.1']);
    const { consumer, held } = consume();
    await eventually(
      () => consumer.state.kind === 'waiting' && /no queue ledger.payments.1/.test(consumer.state.cause),
    );
    await publish('a', 3);
    await setUpBroker(broker.setup);
    await consuming(consumer);
    await eventually(() => held().length === 3);
    expect(link.accepted).toBe(1); // the channel only, never the connection
  });

  it('F8: subscribes anew after the broker cancelled it, without what it held', async () => {
    await publish('a', 5);
    await publish('b', 5, 1);
    const { consumer, seen, held, lost } = consume();
    await eventually(() => held().length === 10);
    await broker.admin.ask('DELETE', ['queues', broker.setup.vhost, 'ledger.payments.1']);
    await eventually(() => lost() >= 1);
    expect(consumer.state).toMatchObject({
      kind: 'waiting',
      cause: expect.stringMatching(/ledger.payments.1/),
    });
    await setUpBroker(broker.setup);
    await consuming(consumer);
    await eventually(() => held().length === 5);
    expect(ids(held())).toEqual(ids(messages('a', 5)));
    expect(seen.length).toBeGreaterThanOrEqual(15);
    expect(link.accepted).toBe(1);
  });

  it('F7 F9: hands over to the next consumer in order, and only what it has not settled', async () => {
    const first = consume({ prefetch: 10 });
    await consuming(first.consumer);
    const second = consume({ prefetch: 10, over: await broker.connected('ledger') });
    await consuming(second.consumer);
    await publish('a', 30);
    await eventually(() => first.seen.length === 10);
    expect(second.seen).toEqual([]);
    const fourth = first.seen[3];
    if (fourth) first.consumer.ackUpTo(fourth);
    const pausing = first.consumer.pause();
    expect(first.lost()).toBe(1);
    await pausing;
    await eventually(() => second.seen.length === 10);
    const expected = ids(messages('a', 30));
    const got = ids(first.seen).length - 10; // what the ack let in
    expect(ids(second.seen)).toEqual(expected.slice(4, 14));
    expect(got).toBeLessThanOrEqual(4);
  });

  it('stops when paused and goes on from there when resumed', async () => {
    const { consumer, seen, held } = consume();
    await consuming(consumer);
    await consumer.pause();
    expect(consumer.state).toEqual({ kind: 'waiting', cause: 'paused' });
    await publish('a', 3);
    link.dropConnections();
    await eventually(() => connection.state.kind === 'down');
    await eventually(() => connection.state.kind === 'up');
    expect(seen).toEqual([]);
    consumer.resume();
    await eventually(() => held().length === 3);
  });

  it('empties its queues', async () => {
    const { consumer } = consume();
    await consuming(consumer);
    await consumer.pause();
    await publish('a', 50);
    await publish('b', 50, 1);
    await consumer.purge();
    expect(await broker.take('ledger.payments.0')).toEqual([]);
    expect(await broker.take('ledger.payments.1')).toEqual([]);
  });

  it('closes although the broker does not answer any more', async () => {
    const { consumer } = consume();
    await consuming(consumer);
    link.hold('down');
    await consumer.close();
    await connection.close();
    expect(connection.state).toEqual({ kind: 'down', cause: 'the connection is closed' });
  });
});
