import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { BrokerConnection } from '../broker-connection.js';
import { Consumer } from '../consumer.js';
import type { Delivery } from '../message.js';
import { Publisher } from '../publisher.js';
import { eventually, ids, messages, TestBroker } from '../testing/test-broker.js';
import { TestLink } from '../testing/test-link.js';
import { AutoAckConsumer } from './auto-ack-consumer.js';

jest.setTimeout(60_000);

describe('the consumer with automatic acknowledgement', () => {
  const queues = ['ledger.payments.0', 'ledger.payments.1'];
  let broker: TestBroker;
  let link: TestLink;
  let connection: BrokerConnection;
  let publisher: Publisher;
  let received: Delivery[];
  let consumer: AutoAckConsumer;
  let onFirst: () => void;

  beforeAll(async () => {
    broker = await TestBroker.start(2);
    link = await TestLink.to(broker.port);
    connection = await broker.connected('ledger', { port: link.port });
    const relay = await broker.connected('relay');
    publisher = new Publisher(relay, { exchange: 'payments', confirmTimeoutMs: 10_000 });
  });
  afterAll(async () => {
    await broker.stop();
    await link.close();
  });
  beforeEach(async () => {
    await eventually(() => connection.state.kind === 'up');
    received = [];
    onFirst = () => {};
    consumer = new AutoAckConsumer(connection, {
      queues,
      onDelivery: (delivery) => {
        if (received.push(delivery) === 1) onFirst();
      },
    });
  });
  afterEach(async () => {
    link.heal();
    await eventually(() => connection.state.kind === 'up');
    await consumer.purge();
    await consumer.close();
  });

  const publish = async (name: string, count: number, shard = 0) =>
    publisher.publishAll(shard, messages(name, count, { shard, bodyBytes: 2_000 }));
  const isConsuming = () => consumer.state.kind === 'consuming';
  const left = async () => (await Promise.all(queues.map((queue) => broker.take(queue)))).flat().length;

  it('takes nothing before it is told to, then all that is there, of all queues', async () => {
    await publish('a', 50);
    await publish('b', 50, 1);
    expect(consumer.state).toEqual({ kind: 'waiting', cause: 'not subscribed yet' });
    consumer.resume();
    await eventually(() => received.length === 100);
    expect(consumer.state).toEqual({ kind: 'consuming', queues });
    await consumer.pause();
    expect(await left()).toBe(0);
  });

  it('keeps no copy at the broker of what it has sent: with the connection it is gone', async () => {
    consumer.resume();
    await eventually(isConsuming);
    link.hold('down');
    await publish('gone', 20);
    await eventually(async () => (await ready()) === 0);
    link.dropConnections();
    await eventually(() => !isConsuming());
    link.release();
    await eventually(isConsuming);
    await publish('next', 1);
    await eventually(() => received.length > 0);
    expect(ids(received)).toEqual(['next-0']);
  });

  it('paused in the midst of a stream, has been given all that has left the queues', async () => {
    await publish('stream', 3_000, 1); // in the queue that is subscribed to last
    const paused = new Promise<void>((resolve) => (onFirst = () => resolve(consumer.pause())));
    consumer.resume();
    await paused;
    expect(received.length).toBeGreaterThan(0);
    const count = received.length;
    expect(count + (await left())).toBe(3_000);
    expect(received).toHaveLength(count);
  });

  it('lets a consumer that acknowledges go on at once, and goes on after it', async () => {
    consumer.resume();
    await eventually(isConsuming);
    await consumer.pause();
    const acknowledged: Delivery[] = [];
    const other = new Consumer(connection, {
      queues,
      prefetch: 100,
      onDelivery: (delivery) => {
        acknowledged.push(delivery);
        other.ackUpTo(delivery);
      },
      onLost: () => {},
    });
    await publish('other', 10);
    await eventually(() => acknowledged.length === 10);
    await other.close();
    consumer.resume();
    await publish('own', 10);
    await eventually(() => received.length === 10);
  });

  it('subscribes anew when its connection comes back', async () => {
    consumer.resume();
    await eventually(isConsuming);
    link.cut();
    await eventually(() => consumer.state.kind === 'waiting');
    await publish('meanwhile', 5);
    link.heal();
    await eventually(() => received.length === 5);
  });

  /** Messages that no consumer was sent yet. */
  async function ready(): Promise<number> {
    const checking = await broker.connected('ledger');
    try {
      const channel = await checking.openChannel();
      return (await channel.checkQueue(queues[0]!)).messageCount;
    } finally {
      await checking.close();
    }
  }
});
