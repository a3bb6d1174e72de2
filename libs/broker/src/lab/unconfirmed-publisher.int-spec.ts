import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setUpBroker } from '../set-up-broker.js';
import { eventually, messages, takenIds, TestBroker } from '../testing/test-broker.js';
import { TestLink } from '../testing/test-link.js';
import { UnconfirmedPublisher } from './unconfirmed-publisher.js';

jest.setTimeout(30_000);

describe('the unconfirmed publisher', () => {
  let broker: TestBroker;
  let link: TestLink;
  let publisher: UnconfirmedPublisher;

  beforeAll(async () => {
    broker = await TestBroker.start(1);
    link = await TestLink.to(broker.port);
    const url = broker.url('relay', { port: link.port });
    publisher = new UnconfirmedPublisher({ url, name: 'naive', exchange: 'payments' });
  });
  afterAll(async () => {
    await publisher.close();
    await link.close();
    await broker.stop();
  });
  afterEach(async () => {
    link.heal();
    await connected();
    await broker.take('ledger.payments.0');
  });
  const connected = () => eventually(() => publisher.connected);
  const publish = (name: string, routingKey = 'payment.accepted.0') =>
    messages(name, 1).map((message) => publisher.publish({ ...message, routingKey }));

  it('publishes transient messages', async () => {
    await connected();
    expect(publish('a')).toEqual([undefined]);
    const taken = await takenSoon(1);
    expect(takenIds(taken)).toEqual(['a-0']);
    expect(taken[0]?.properties).toMatchObject({ deliveryMode: 1, type: 'payment.accepted' });
  });

  it('loses what it publishes while the broker cannot be reached, and nothing comes later', async () => {
    await connected();
    link.cut();
    await eventually(() => !publisher.connected && publisher.away);
    expect(publish('away')).toEqual([expect.any(String)]);
    link.heal();
    await connected();
    expect(publisher.away).toBe(false);
    publish('back');
    expect(takenIds(await takenSoon(1))).toEqual(['back-0']);
  });

  it('does not know of what is lost on the way', async () => {
    await connected();
    link.hold('up');
    expect(publish('on-its-way')).toEqual([undefined]);
    link.dropConnections();
    link.release();
    await eventually(() => !publisher.connected);
    await connected();
    publish('next');
    expect(takenIds(await takenSoon(1))).toEqual(['next-0']);
  });

  it('does not know of what no queue takes', async () => {
    await connected();
    expect(publish('unroutable', 'payment.accepted.7')).toEqual([undefined]);
    publish('routable');
    expect(takenIds(await takenSoon(1))).toEqual(['routable-0']);
  });

  it('goes on after the broker has closed its channel', async () => {
    await broker.admin.ask('DELETE', ['exchanges', broker.setup.vhost, 'payments']);
    await connected();
    expect(publish('no-exchange')).toEqual([undefined]);
    await setUpBroker(broker.setup);
    await eventually(async () => {
      publish('again');
      return takenIds(await broker.take('ledger.payments.0')).includes('again-0');
    });
  });

  async function takenSoon(count: number) {
    const taken: Awaited<ReturnType<TestBroker['take']>> = [];
    await eventually(async () => {
      taken.push(...(await broker.take('ledger.payments.0')));
      return taken.length >= count;
    });
    return taken;
  }
});
