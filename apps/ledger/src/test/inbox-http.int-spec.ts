import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from './eventually.js';
import { LedgerService } from './ledger-service.js';
import { markerOf, messageOf, payment, uuidV7 } from './payment-messages.js';

jest.setTimeout(60_000);

describe('what has arrived at the ledger', () => {
  let service: LedgerService;
  let runId: string;
  beforeAll(async () => {
    service = await LedgerService.start();
    runId = service.ledger.setup.runId;
  });
  afterAll(() => service.stop());

  it('is told by markers: one has arrived when everything before it in its queue is posted or parked', async () => {
    const before = Array.from({ length: 50 }, () =>
      messageOf(runId, payment(), 'payment.accepted', { queue: 'ledger.payments.2' }),
    );
    const bad = messageOf(runId, payment({ amountMinor: '0' }), 'payment.accepted', {
      queue: 'ledger.payments.2',
    });
    const [marker, never] = [markerOf(runId, 2), markerOf(runId, 2)];
    await service.broker.publish([...before, bad, marker]);
    const markers = async () =>
      (await service.get(`/inbox/markers?id=${marker.messageId}&id=${never.messageId}`)).body as {
        arrived: string[];
      };
    await eventually(async () => (await markers()).arrived.length > 0);
    expect(await markers()).toEqual({ arrived: [marker.messageId], deadLettersInBroker: 0 });
    expect(await service.count('transfer')).toBe(50);
    expect(await service.count('parked_message')).toBe(1);
    expect((await service.get('/status')).body).toMatchObject({ posted: 50, parked: { invalid: 1 } });

    const never1000 = Array.from({ length: 998 }, () => uuidV7());
    const messageIds = [...never1000, bad.messageId, before[7]?.messageId];
    const { status, body } = await service.ask('POST', '/inbox/unknown', { messageIds });
    expect(status).toBe(200);
    expect(body).toEqual({ unknown: never1000.toSorted() });
  });

  it('says how far back it remembers', async () => {
    expect((await service.get('/inbox/window')).body).toEqual({
      oldest: '00000000-0000-0000-0000-000000000000',
      retentionMinutes: 20_160,
    });
  });

  it('refuses what is no list of message ids', async () => {
    const tooMany = Array.from({ length: 1_001 }, () => uuidV7());
    for (const body of [{}, { messageIds: ['x'] }, { messageIds: tooMany }, { messageIds: [], more: 1 }])
      expect(await service.ask('POST', '/inbox/unknown', body)).toMatchObject({
        status: 422,
        body: { type: '/problems/validation-failed' },
      });
    expect((await service.get('/inbox/markers?id=x')).status).toBe(400);
  });
});
