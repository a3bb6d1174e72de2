import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from './eventually.js';
import { LedgerService } from './ledger-service.js';
import { markerOf, messageOf, payment } from './payment-messages.js';

jest.setTimeout(60_000);

const who = { by: 'ann', why: 'a policy was wrong' };

describe('what the broker gives up', () => {
  let service: LedgerService;
  let runId: string;
  beforeAll(async () => {
    service = await LedgerService.start();
    runId = service.ledger.setup.runId;
  });
  afterAll(() => service.stop());
  beforeEach(() => service.ledger.empty());

  const letDie = (...messages: Parameters<typeof service.broker.letDie>[0]) =>
    service.whilePaused(() => service.broker.letDie(messages));
  const parked = () =>
    service.ledger.admin.query<unknown[]>(
      'SELECT key, reason, queue, detail FROM parked_message ORDER BY reason',
    );
  const known = async () =>
    ((await service.get('/status')).body as { deadLetters: { known: number } }).deadLetters.known;

  it('is parked with its reason and the queue it died in, its reversal waits, and both are posted by a redrive', async () => {
    const data = payment();
    const queue = 'ledger.payments.3';
    await letDie(messageOf(runId, data, 'payment.accepted', { queue }));
    await service.broker.publish([messageOf(runId, data, 'payment.reversed', { queue })]);
    await eventually(async () => (await parked()).length === 2);
    expect(await parked()).toEqual([
      { key: data.paymentId, reason: 'dead-lettered', queue, detail: expect.stringContaining('(expired)') },
      { key: data.paymentId, reason: 'waiting-for', queue, detail: expect.any(String) },
    ]);
    expect(await service.ask('POST', '/parked/redrive', { ...who, reason: 'dead-lettered' })).toMatchObject({
      status: 200,
      body: { redriven: { posted: 2, repeated: 0, parkedAgain: {} }, remaining: 0 },
    });
    expect(await parked()).toEqual([]);
    expect(await service.ledger.admin.query('SELECT kind FROM transfer ORDER BY id')).toEqual([
      { kind: 'payment' },
      { kind: 'reversal' },
    ]);
  });

  it('is only counted when it has arrived by another way, and a marker is forgotten', async () => {
    const message = messageOf(runId, payment());
    await service.broker.publish([message]);
    await eventually(async () => (await service.count('transfer')) === 1);
    const before = await known();
    await letDie(markerOf(runId), message);
    await eventually(async () => (await known()) === before + 1);
    expect(await parked()).toEqual([]);
    expect(await service.count('inbox_message')).toBe(1);
  });

  it('is refused as of another run when a reset came between', async () => {
    await letDie(messageOf('0192d3a0-0000-7000-8000-00000000ffff', payment()));
    await eventually(async () => (await parked()).length === 1);
    expect(await parked()).toMatchObject([{ reason: 'other-run' }]);
  });
});
