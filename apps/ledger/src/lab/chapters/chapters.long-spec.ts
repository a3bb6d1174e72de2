import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Message } from '@paid-once/inbox';
import { randomUUID } from 'node:crypto';
import { eventually } from '../../test/eventually.js';
import { LedgerService } from '../../test/ledger-service.js';
import { markerOf, messageOf, payment } from '../../test/payment-messages.js';
import type { Chapter } from './chapter.js';

jest.setTimeout(60_000);

let service: LedgerService;
let runId: string;

beforeAll(async () => {
  service = await LedgerService.start({ lab: true });
  runId = service.ledger.setup.runId;
});
afterAll(() => service.stop());
beforeEach(() => service.ledger.empty());

describe('chapters 2 and 3, manual acknowledgement without an inbox', () => {
  it.each([2, 3] as const)(
    'post what is delivered twice twice, and move the balances twice (%i)',
    async (n) => {
      await enter(n);
      const message = messageOf(runId, payment({ amountMinor: '250' }));
      await publishUntilPosted([message, message, message], 3);
      await publishUntilPosted([message], 4);
      expect(await occurrences()).toEqual([0, 1, 2, 3]);
      expect(await balances()).toEqual([
        { name: 'bianca', debits: '1000', credits: '0' },
        { name: 'marc', debits: '0', credits: '1000' },
      ]);
      expect(await service.count('inbox_message')).toBe(0);
      expect(await service.left()).toBe(0);
    },
  );

  it('post an event twice that comes under two message ids, and a reversal without its payment', async () => {
    await enter(2);
    const [one, other] = [payment(), payment()];
    const messages = [
      messageOf(runId, one),
      messageOf(runId, one),
      messageOf(runId, other, 'payment.reversed'),
    ];
    await publishUntilPosted(messages, 3);
    expect(await service.count('parked_message')).toBe(0);
  });

  it('lose nothing while the database is away', async () => {
    await enter(2);
    await withoutDatabase(async () => {
      await service.broker.publish(Array.from({ length: 50 }, () => messageOf(runId, payment())));
      await eventually(async () => (await consumer()).kind === 'waiting');
    });
    await eventually(async () => (await service.count('transfer')) === 50);
    expect(await service.left()).toBe(0);
  });

  it.each([1, 2] as const)(
    'park what is no posting and what is of another run, as production does (%i)',
    async (n) => {
      await enter(n);
      const bad = messageOf(runId, payment({ amountMinor: '0' }));
      const old = messageOf(randomUUID(), payment());
      await publishUntilPosted([bad, old, messageOf(runId, payment())], 1);
      await eventually(async () => (await service.count('parked_message')) === 2);
      expect(await service.left()).toBe(0);
      expect(await service.count('transfer')).toBe(1);
      const rows = await service.ledger.admin.query<unknown[]>(
        'SELECT message_id, reason FROM parked_message ORDER BY reason',
      );
      expect(rows).toEqual([
        { message_id: bad.messageId, reason: 'invalid' },
        { message_id: old.messageId, reason: 'other-run' },
      ]);
    },
  );
});

describe('chapter 1, automatic acknowledgement', () => {
  it('consumes without acknowledging, is ready, and posts what is delivered twice twice', async () => {
    await enter(1);
    await eventually(async () => (await service.get('/health/ready')).status === 200);
    await consumersAcknowledge(false);
    const message = messageOf(runId, payment());
    await publishUntilPosted([message, message], 2);
    expect(await occurrences()).toEqual([0, 1]);
    expect((await service.get('/status')).body).toMatchObject({ consumer: { kind: 'consuming' } });
  });

  it('loses what comes while the database is away: it never comes again', async () => {
    await enter(1);
    const before = service.logged.errors.length;
    await withoutDatabase(async () => {
      await service.broker.publish(Array.from({ length: 50 }, () => messageOf(runId, payment())));
      await eventually(() => service.logged.errors.length === before + 50);
    });
    expect(service.logged.errors.at(-1)).toMatch(/is lost, it was acknowledged when it was sent/);
    await eventually(async () => (await service.get('/health/ready')).status === 200);
    await publishUntilPosted([messageOf(runId, payment({ reference: 'after it' }))], 1);
    expect(await service.left()).toBe(0);
    expect(await service.count('transfer')).toBe(1);
  });
});

describe('chapter 4', () => {
  it('absorbs what chapters 1 to 3 double', async () => {
    await enter(4);
    const data = payment();
    const message = messageOf(runId, data);
    const before = (await status()).duplicates;
    await service.broker.publish([message, message, messageOf(runId, data)]);
    await eventually(async () => {
      const { duplicates } = await status();
      return (
        duplicates['message'] === (before['message'] ?? 0) + 1 &&
        duplicates['event'] === (before['event'] ?? 0) + 1
      );
    });
    expect(await occurrences()).toEqual([0]);
  });

  it('absorbs a message that an earlier chapter has posted', async () => {
    await enter(2);
    const message = messageOf(runId, payment());
    await publishUntilPosted([message], 1);
    await enter(4);
    await service.broker.publish([message]);
    await eventually(async () => (await service.count('inbox_message')) === 1);
    expect(await occurrences()).toEqual([0]);
  });
});

describe('a marker', () => {
  it.each([1, 2, 3] as const)('leaves no trace in chapter %i', async (n) => {
    await enter(n);
    await publishUntilPosted([markerOf(runId), messageOf(runId, payment())], 1);
    expect(await service.left()).toBe(0);
    expect(await service.count('inbox_message')).toBe(0);
    expect(await service.count('parked_message')).toBe(0);
    expect(await service.count('transfer')).toBe(1);
  });
});

describe('switching chapters', () => {
  it('from 1 to 4 and back, again and again, loses nothing while nothing fails', async () => {
    await enter(1);
    const errors = service.logged.errors.length;
    const all = Array.from({ length: 1_200 }, () => messageOf(runId, payment()));
    let published = 0;
    const publishing = (async () => {
      for (let from = 0; from < all.length; from += 100) {
        await service.broker.publish(all.slice(from, from + 100));
        published += 100;
      }
    })();
    for (const chapter of [4, 1, 4, 1] as const) {
      const already = published;
      await eventually(() => published > already || published === all.length);
      await enter(chapter);
    }
    await publishing;
    await eventually(async () => (await service.count('transfer')) === all.length);
    expect(await service.left()).toBe(0);
    expect(service.logged.errors.slice(errors)).toEqual([]);
  });

  it('is noticed by a process that was not told', async () => {
    await enter(4);
    await service.ledger.admin.query('UPDATE lab_chapter SET chapter = 1');
    await consumersAcknowledge(false);
    await service.ledger.admin.query('UPDATE lab_chapter SET chapter = 3');
    await consumersAcknowledge(true);
  });

  it('is answered with the chapter and since when, again when nothing changes', async () => {
    const first = await enter(2);
    expect(first).toMatchObject({ status: 200, body: { chapter: 2, since: expect.any(String) } });
    const again = await enter(2);
    expect(again.body).toEqual(first.body);
    expect((await service.get('/lab/chapter')).body).toEqual(first.body);
    expect((await enter(3)).body).not.toEqual(first.body);
  });

  it.each([{}, { chapter: 0 }, { chapter: 5 }, { chapter: 1.5 }, { chapter: '2' }, { chapter: null }])(
    'is refused for %j',
    async (body) => {
      expect(await service.ask('PUT', '/lab/chapter', body)).toMatchObject({
        status: 422,
        body: { type: '/problems/validation-failed' },
      });
    },
  );

  it('is refused while the database is away, and nothing changes', async () => {
    await enter(3);
    await withoutDatabase(async () => {
      expect((await service.ask('PUT', '/lab/chapter', { chapter: 1 })).status).toBe(503);
    });
    await eventually(async () => (await service.get('/health/ready')).status === 200);
    expect((await service.get('/lab/chapter')).body).toMatchObject({ chapter: 3 });
    await consumersAcknowledge(true);
  });
});

describe('a reset', () => {
  it.each([1, 2, 3, 4] as const)(
    'empties everything in chapter %i, and the chapter stays',
    async (chapter) => {
      await enter(chapter);
      await publishUntilPosted([messageOf(runId, payment())], 1);
      const newRun = randomUUID();
      const late = messageOf(runId, payment());
      expect((await service.ask('POST', '/lab/reset', { runId: newRun })).status).toBe(204);
      expect(await service.count('transfer')).toBe(0);
      await service.broker.publish([late, messageOf(newRun, payment())]);
      runId = newRun;
      await eventually(
        async () => (await service.count('transfer')) === 1 && (await service.count('parked_message')) === 1,
      );
      expect((await service.get('/lab/chapter')).body).toMatchObject({ chapter });
    },
  );
});

async function enter(chapter: Chapter): Promise<{ status: number; body: unknown }> {
  const answer = await service.ask('PUT', '/lab/chapter', { chapter });
  expect(answer.status).toBe(200);
  return answer;
}

/** The management API tells it a moment later. */
async function consumersAcknowledge(expected: boolean): Promise<void> {
  await eventually(async () => {
    const consumers = await service.broker.consumersAcknowledge();
    return consumers.length === 4 && consumers.every((acknowledges) => acknowledges === expected);
  });
}

async function publishUntilPosted(
  messages: (Message & { messageId: string })[],
  count: number,
): Promise<void> {
  await service.broker.publish(messages);
  await eventually(async () => (await service.count('transfer')) >= count);
}

async function withoutDatabase(work: () => Promise<void>): Promise<void> {
  const { admin, setup } = service.ledger;
  const role = new URL(setup.serviceUrl).username;
  await admin.query(`ALTER ROLE ${role} NOLOGIN`);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
  try {
    await work();
  } finally {
    await admin.query(`ALTER ROLE ${role} LOGIN`);
  }
}

async function status() {
  return (await service.get('/status')).body as {
    duplicates: Record<string, number>;
    consumer: { kind: string };
  };
}

async function consumer(): Promise<{ kind: string }> {
  return (await status()).consumer;
}

async function occurrences(): Promise<number[]> {
  const rows = await service.ledger.admin.query<{ occurrence: number }[]>(
    'SELECT occurrence FROM transfer ORDER BY occurrence',
  );
  return rows.map(({ occurrence }) => occurrence);
}

function balances(): Promise<unknown[]> {
  return service.ledger.admin.query(
    'SELECT name, debits_posted AS debits, credits_posted AS credits FROM account ORDER BY name',
  );
}
