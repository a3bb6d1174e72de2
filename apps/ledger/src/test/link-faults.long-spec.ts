import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AmqpLink } from './amqp-link.js';
import { eventually } from './eventually.js';
import { holdPosting } from './hold-posting.js';
import { LedgerService } from './ledger-service.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(120_000);

describe("the ledger's link to the broker", () => {
  let service: LedgerService;
  let link: AmqpLink;
  let runId: string;
  beforeAll(async () => {
    service = await LedgerService.start({
      settings: { PAID_ONCE_LEDGER_PREFETCH: '1000', PAID_ONCE_HEARTBEAT_SECONDS: '1' },
      amqpPort: async (broker) => {
        link = await AmqpLink.to(Number(broker.port));
        return link.port;
      },
    });
    runId = service.ledger.setup.runId;
  });
  afterAll(async () => {
    await service.stop();
    await link.close();
  });
  beforeEach(() => service.ledger.empty());
  afterEach(() => link.heal());

  const messages = (count: number) => Array.from({ length: count }, () => messageOf(runId, payment()));
  const duplicates = async () =>
    ((await service.get('/status')).body as { duplicates: Record<string, number> }).duplicates['message'] ??
    0;
  const postedAll = (count: number) =>
    eventually(async () => (await service.count('transfer')) === count, 60_000);

  it('F2: acks that are lost after the commit bring the messages again, and they are only counted', async () => {
    const before = await duplicates();
    const held = await holdPosting(service.ledger);
    await service.broker.publish(messages(50));
    await eventually(async () => (await service.broker.unacknowledged()) === 50);
    link.loseWhatTheLedgerSays();
    await held.release();
    await postedAll(50);
    await eventually(() => link.accepted >= 2, 30_000); // the broker hears no heartbeat any more and gives it up
    link.heal();
    await eventually(async () => (await duplicates()) === before + 50, 30_000);
    expect(await service.left()).toBe(0);
    expect(await service.count('transfer')).toBe(50);
    expect(await service.count('parked_message')).toBe(0);
  });

  it('F3: a cut with 200 in flight, in the middle of their transaction, posts each once; the late acks harm nothing', async () => {
    const held = await holdPosting(service.ledger);
    await service.broker.publish(messages(200));
    await eventually(async () => (await service.broker.unacknowledged()) === 200);
    link.dropConnections();
    await held.release();
    await postedAll(200);
    expect(await service.left()).toBe(0);
    expect(await service.count('transfer')).toBe(200);
    expect(await service.count('parked_message')).toBe(0);
    expect(service.logged.errors).toEqual([]);
  });

  it('F3: twenty cuts with prefetch 1,000 park not one message and post each once', async () => {
    const all = messages(1_500);
    await service.whilePaused(() => service.broker.publish(all));
    for (let cut = 1; cut <= 20; cut++) {
      const connections = link.accepted;
      link.dropConnections();
      await eventually(() => link.accepted > connections);
    }
    await postedAll(all.length);
    expect(await service.left()).toBe(0);
    expect(await service.count('parked_message')).toBe(0);
    expect(await service.count('started_attempt')).toBe(0);
  });
});
