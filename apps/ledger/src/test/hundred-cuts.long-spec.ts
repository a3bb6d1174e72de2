import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AmqpLink } from './amqp-link.js';
import { eventually } from './eventually.js';
import { holdPosting } from './hold-posting.js';
import { LedgerService } from './ledger-service.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(300_000);

const cuts = 100;
const prefetch = 1_000;

describe('a flapping link', () => {
  let service: LedgerService;
  let link: AmqpLink;
  const queue = 'ledger.payments.1';
  const batches = async () => ((await service.get('/status')).body as { batches: number }).batches;
  beforeAll(async () => {
    service = await LedgerService.start({
      settings: { PAID_ONCE_LEDGER_PREFETCH: String(prefetch), PAID_ONCE_RECONNECT_MAX_MS: '100' },
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

  it("F3: a hundred cuts of the ledger's link with a prefetch of 1,000 unacknowledged park not one message and post each once", async () => {
    const { runId } = service.ledger.setup;
    const payments = Array.from({ length: 600 }, () => payment());
    const events = payments.flatMap((data) => [
      messageOf(runId, data, 'payment.accepted', { queue }),
      messageOf(runId, data, 'payment.reversed', { queue }),
    ]);
    const bytesOfPrefetch = prefetch * Math.min(...events.map(({ body }) => body.length));
    const held = await holdPosting(service.ledger);
    await service.broker.publish(events);
    for (let cut = 1; cut <= cuts; cut++) {
      const before = link.accepted;
      await eventually(() => link.delivered > bytesOfPrefetch);
      link.dropConnections();
      await eventually(() => link.accepted > before);
    }
    await eventually(async () => (await service.broker.redelivered(queue)) > (cuts / 2) * prefetch); // as of seconds ago
    const batchesBefore = await batches();
    await held.release();
    await eventually(async () => (await service.count('transfer')) === events.length, 60_000);
    expect(await service.left()).toBe(0);
    expect(await service.count('parked_message')).toBe(0);
    expect(await service.count('started_attempt')).toBe(0);
    expect((await batches()) - batchesBefore).toBeLessThan(events.length / 10); // none was suspected and tried alone
  });
});
