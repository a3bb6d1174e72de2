import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AmqpLink } from './amqp-link.js';
import { eventually } from './eventually.js';
import { LedgerService } from './ledger-service.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(300_000);

const cuts = 100;
const withinMs = 60_000;

describe('a flapping link', () => {
  let service: LedgerService;
  let link: AmqpLink;
  beforeAll(async () => {
    service = await LedgerService.start({
      settings: { PAID_ONCE_LEDGER_PREFETCH: '1000' },
      amqpPort: async (broker) => {
        link = await AmqpLink.to(Number(broker.port));
        return link.port;
      },
    });
  });
  afterAll(async () => {
    await service.stop();
    await link.close();
  });

  it("F3: a hundred cuts of the ledger's link in a minute with prefetch 1,000 park not one message and post each once", async () => {
    const { runId } = service.ledger.setup;
    const began = performance.now();
    let published = 0;
    for (let cut = 1; cut <= cuts; cut++) {
      const some = Array.from({ length: 20 }, () => payment());
      const events = some.flatMap((data) => [
        messageOf(runId, data),
        messageOf(runId, data, 'payment.reversed'),
      ]);
      await service.broker.publish(events);
      published += events.length;
      await eventually(() => performance.now() - began > (cut * withinMs) / cuts, withinMs); // spread over the minute
      link.dropConnections();
    }
    await eventually(async () => (await service.count('transfer')) === published, 180_000);
    expect(await service.left()).toBe(0);
    expect(await service.count('parked_message')).toBe(0);
    expect(await service.count('started_attempt')).toBe(0);
    expect(link.accepted).toBeGreaterThan(20); // most cuts fall into the time in which it backs off before it connects again
  });
});
