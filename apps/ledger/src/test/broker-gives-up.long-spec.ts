import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parkedQueue } from '@paid-once/contracts';
import type { RabbitServer } from '@paid-once/infrastructure';
import { AmqpLink } from './amqp-link.js';
import { queuesOfShards } from './broker-rig.js';
import { eventually } from './eventually.js';
import { holdPosting } from './hold-posting.js';
import { LedgerService } from './ledger-service.js';
import { messageOf, payment } from './payment-messages.js';
import { startOwnBroker } from './own-broker.js';

jest.setTimeout(180_000);

const who = { by: 'ann', why: 'the broker was not set up as it should be' };

describe('a broker that gives messages up', () => {
  let server: RabbitServer;
  let service: LedgerService;
  let link: AmqpLink;
  beforeAll(async () => {
    server = await startOwnBroker();
    // In milliseconds; a minute or three each, if not shortened.
    for (const [name, ms] of Object.entries({
      consumer_timeout: 3_000,
      channel_tick_interval: 1_000,
      dead_letter_worker_publisher_confirm_timeout: 3_000,
    }))
      await server.ctl(['eval', `application:set_env(rabbit, ${name}, ${ms}).`]);
    service = await LedgerService.start({
      server,
      amqpPort: async () => {
        link = await AmqpLink.to(server.amqpPort);
        return link.port;
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    await link.close();
    await server.stop({ quick: true });
  });
  beforeEach(() => service.ledger.empty());

  const queue = 'ledger.payments.0';
  const messages = (count: number) =>
    Array.from({ length: count }, () =>
      messageOf(service.ledger.setup.runId, payment(), 'payment.accepted', { queue }),
    );
  const parked = () =>
    service.ledger.admin.query<unknown[]>(
      'SELECT reason, queue, count(*)::int AS count FROM parked_message GROUP BY reason, queue',
    );
  async function postedByRedrive(count: number): Promise<void> {
    const answer = await service.ask('POST', '/parked/redrive', { ...who, reason: 'dead-lettered' });
    expect(answer.body).toMatchObject({ redriven: { posted: count, parkedAgain: {} }, remaining: 0 });
    expect(await service.count('transfer')).toBe(count);
    expect(await service.count('parked_message')).toBe(0);
  }

  it('F5: whose patience for an ack ends closes the channel: the messages come again, and are posted once when they can be', async () => {
    const held = await holdPosting(service.ledger);
    await service.broker.publish(messages(20));
    await eventually(async () => (await service.broker.redelivered(queue)) >= 40, 60_000); // twice, so it is no wedge
    await held.release();
    await eventually(async () => (await service.count('transfer')) === 20, 60_000);
    expect(await service.left()).toBe(0);
    expect(await parked()).toEqual([]);
    expect(service.logged.errors).toEqual([]);
  });

  it('E8: beyond a delivery limit that somebody set loses nothing: it is parked, and posted by a redrive', async () => {
    await service.broker.policy('limit', queuesOfShards, { 'delivery-limit': 2 });
    const held = await holdPosting(service.ledger);
    await service.broker.publish(messages(20));
    while ((await service.count('parked_message')) < 20) {
      const connections = link.accepted;
      link.dropConnections();
      await eventually(
        async () => link.accepted > connections || (await service.count('parked_message')) === 20,
      );
    }
    await held.release();
    await service.broker.policy('limit');
    expect(await parked()).toEqual([{ reason: 'dead-lettered', queue, count: 20 }]);
    await postedByRedrive(20);
  });

  const cannotForward = async (count: number) => {
    await service.broker.policy('die', queuesOfShards, { 'message-ttl': 1 });
    await service.broker.publish(messages(count));
  };
  const heldBack = () => service.broker.diedButNotForwarded(queue);
  const toldOf = (trouble: string) =>
    service.logged.said.filter((line) => String(line).includes(trouble)).length;

  it('E9: a target of dead letters that is missing loses none of them, and the ledger says so until it is there', async () => {
    await service.whilePaused(async () => {
      await service.broker.deleteQueue(parkedQueue);
      await cannotForward(20);
      await eventually(async () => (await heldBack()) === 20, 60_000);
    });
    const bridge = async () =>
      ((await service.get('/status')).body as { deadLetterBridge: object }).deadLetterBridge;
    const missing = `there is no queue ${parkedQueue}`;
    await eventually(() => toldOf(missing) > 0);
    expect(await bridge()).toEqual({
      waitingFor: expect.stringContaining(missing),
      seconds: expect.any(Number),
    });
    await service.broker.policy('die');
    await service.broker.setUpAgain();
    await eventually(async () => (await service.count('parked_message')) === 20, 60_000);
    expect(await parked()).toEqual([{ reason: 'dead-lettered', queue, count: 20 }]);
    expect(await bridge()).toEqual({ waitingFor: null, seconds: null });
    expect(toldOf(missing)).toBe(1);
    expect(toldOf('what the broker gave up is back')).toBe(1);
    await postedByRedrive(20);
  });

  it('E9: a target of dead letters that is full loses none of them, and setup says what limits it', async () => {
    await service.whilePaused(async () => {
      await service.broker.policy('full', `^${parkedQueue}$`, {
        'max-length': 1,
        overflow: 'reject-publish',
      });
      await cannotForward(5);
      await eventually(async () => (await service.broker.deadLetters()) > 1); // the limit holds for what comes after
      await service.broker.publish(messages(20));
      await eventually(async () => (await heldBack()) > 0, 60_000);
    });
    await service.broker.policy('die');
    await expect(service.broker.setUpAgain()).rejects.toThrow(`sets max-length on the queue ${parkedQueue}`);
    await service.broker.policy('full');
    await eventually(async () => (await service.count('parked_message')) === 25, 60_000);
    expect(await parked()).toEqual([{ reason: 'dead-lettered', queue, count: 25 }]);
    await postedByRedrive(25);
  });
});
