import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connect } from 'amqplib';
import { BrokerAdminRefused, BrokerAdminUnreachable } from './broker-admin.js';
import { checkTopology, TopologyFault } from './check-topology.js';
import { Publisher } from './publisher.js';
import { setUpBroker } from './set-up-broker.js';
import { eventually, failureOf, messages, takenIds, TestBroker } from './testing/test-broker.js';

jest.setTimeout(30_000);

describe('broker setup', () => {
  let broker: TestBroker;
  const queues = ['ledger.payments.0', 'ledger.payments.1', 'ledger.payments.parked'];

  beforeAll(async () => (broker = await TestBroker.start()));
  afterAll(() => broker.stop());
  afterEach(async () => {
    for (const kind of ['policies', 'operator-policies'])
      await broker.admin.ask('DELETE', [kind, broker.setup.vhost, 'test']);
    await setUpBroker(broker.setup);
  });

  it('changes nothing the second time, and keeps what is in the queues', async () => {
    const publisher = new Publisher(await broker.connected('relay'), {
      exchange: 'payments',
      confirmTimeoutMs: 5_000,
    });
    await publisher.publishAll(0, messages('a', 3));
    await setUpBroker(broker.setup);
    expect(takenIds(await broker.take('ledger.payments.0'))).toEqual(['a-0', 'a-1', 'a-2']);
  });

  it('routes a message of any type to the queue of its shard, and to no other', async () => {
    const publisher = new Publisher(await broker.connected('relay'), {
      exchange: 'payments',
      confirmTimeoutMs: 5_000,
    });
    await publisher.publishAll(1, messages('a', 2, { shard: 1 }));
    expect(await broker.take('ledger.payments.0')).toEqual([]);
    expect(takenIds(await broker.take('ledger.payments.1'))).toEqual(['a-0', 'a-1']);
  });

  it('keeps what the ledger rejects in the parked queue', async () => {
    const publisher = new Publisher(await broker.connected('relay'), {
      exchange: 'payments',
      confirmTimeoutMs: 5_000,
    });
    await publisher.publishAll(0, messages('a', 1));
    const link = await connect(broker.url('ledger'));
    const channel = await link.createChannel();
    await channel.consume(
      'ledger.payments.0',
      (message) => message && channel.reject(message, /* requeue */ false),
    );
    await eventually(async () => (await channel.checkQueue('ledger.payments.parked')).messageCount === 1);
    await link.close();
    expect(takenIds(await broker.take('ledger.payments.parked'))).toEqual(['a-0']);
  });

  it('E7: refuses a queue that exists with other arguments, and says what to do', async () => {
    await broker.admin.ask('DELETE', ['queues', broker.setup.vhost, 'ledger.payments.1']);
    await broker.admin.ask('PUT', ['queues', broker.setup.vhost, 'ledger.payments.1'], {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 5 },
    });
    const failure = await failureOf(setUpBroker(broker.setup));
    expect(failure).toBeInstanceOf(BrokerAdminRefused);
    expect(String(failure)).toMatch(
      /ledger.payments.1.*x-delivery-limit is 5, should be 1000000.*delete the queue/,
    );
    await broker.admin.ask('DELETE', ['queues', broker.setup.vhost, 'ledger.payments.1']);
  });

  it.each([
    ['policies', 'max-length', 1_000],
    ['policies', 'max-length-bytes', 1_000_000],
    ['policies', 'message-ttl', 60_000],
    ['policies', 'expires', 60_000],
    ['policies', 'delivery-limit', 5],
    ['operator-policies', 'max-length', 1_000],
    ['operator-policies', 'message-ttl', 60_000],
  ])('E6: refuses a limit that %s set on a ledger queue: %s', async (kind, limit, value) => {
    await broker.admin.ask('PUT', [kind, broker.setup.vhost, 'test'], {
      pattern: '^ledger',
      definition: { [limit]: value },
      'apply-to': 'queues',
    });
    expect(String(await failureOf(setUpBroker(broker.setup)))).toMatch(
      new RegExp(`policy "test".*sets ${limit} on.*delete the policy`),
    );
  });

  it('leaves policies alone that limit other queues', async () => {
    await broker.admin.ask('PUT', ['policies', broker.setup.vhost, 'test'], {
      pattern: '^other',
      definition: { 'max-length': 1_000 },
      'apply-to': 'queues',
    });
    await setUpBroker(broker.setup);
  });

  it('makes the lab user in lab mode, and removes it outside', async () => {
    const payments = { user: `${broker.setup.relay.user}-lab`, password: 'naive' };
    const exists = async (): Promise<boolean> =>
      (await broker.admin.ask('GET', ['users', payments.user])) !== undefined;
    await setUpBroker({ ...broker.setup, payments });
    await setUpBroker({ ...broker.setup, payments });
    expect(await exists()).toBe(true);
    await setUpBroker(broker.setup);
    expect(await exists()).toBe(false);
    await broker.connected('relay');
  });

  it('says that nobody answers, or that the administrator is refused', async () => {
    const away = await failureOf(
      setUpBroker({ ...broker.setup, adminUrl: 'http://admin:secret@127.0.0.1:2' }),
    );
    expect(away).toBeInstanceOf(BrokerAdminUnreachable);
    expect(String(away)).toMatch(/ECONNREFUSED/);
    expect(String(away)).not.toMatch(/secret/);
    const { host } = new URL(broker.setup.adminUrl);
    const refused = await failureOf(setUpBroker({ ...broker.setup, adminUrl: `http://admin:wrong@${host}` }));
    expect(refused).toBeInstanceOf(BrokerAdminRefused);
  });

  it('lets each service check what it needs, with its own permissions', async () => {
    const ledger = await broker.connected('ledger');
    await checkTopology(ledger, queues);
    await checkTopology(await broker.connected('relay'), queues.slice(0, 2), ['payments']);
    await broker.admin.ask('DELETE', ['queues', broker.setup.vhost, 'ledger.payments.1']);
    const failure = await failureOf(checkTopology(ledger, queues));
    expect(failure).toBeInstanceOf(TopologyFault);
    expect(String(failure)).toMatch(/ledger.payments.1.*404.*run setup/);
    expect(ledger.state.kind).toBe('up');
  });
});
