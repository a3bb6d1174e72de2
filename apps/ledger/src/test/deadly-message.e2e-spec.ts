import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { park } from '@paid-once/inbox';
import { keyForAll } from '../../../../test/support/with-key.js';
import { BrokerRig } from './broker-rig.js';
import { eventually } from './eventually.js';
import { exitOf, isReady, LedgerProcesses } from './ledger-processes.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(240_000);

describe('a message that kills the ledger', () => {
  let ledger: LedgerRig;
  let broker: BrokerRig;
  let processes: LedgerProcesses;
  let authorization: Record<string, string>;
  const deadly = payment({ reference: 'deadly' });
  const queue = 'ledger.payments.1';
  beforeAll(async () => {
    [ledger, broker] = await Promise.all([LedgerRig.create(), BrokerRig.create()]);
    processes = new LedgerProcesses(ledger, broker);
    authorization = { authorization: `Bearer ${await keyForAll(ledger.setup.adminUrl)}` };
  });
  afterEach(() => processes.kill());
  afterAll(async () => {
    await broker.drop();
    await ledger.drop();
  });

  const count = async (what: string) => {
    const [row] = await ledger.admin.query<{ count: number }[]>(`SELECT count(*)::int AS count FROM ${what}`);
    return row?.count ?? 0;
  };
  const parked = () =>
    ledger.admin.query<unknown[]>('SELECT key, type, reason, detail FROM parked_message ORDER BY reason');

  it('F1: is parked alone after five starts that did not end, its neighbours are posted, and its reversal waits', async () => {
    const { runId } = ledger.setup;
    const neighbours = Array.from({ length: 60 }, () => payment());
    const events = neighbours.map((data) => messageOf(runId, data, 'payment.accepted', { queue }));
    const kills = messageOf(runId, deadly, 'payment.accepted', { queue });
    const reversal = messageOf(runId, deadly, 'payment.reversed', { queue });
    await broker.publish([...events.slice(0, 30), kills, reversal, ...events.slice(30)]);
    let deaths = 0;
    for (; (await parked()).length === 0; deaths++) {
      const { child } = await processes.startVulnerable();
      const over = await Promise.race([
        exitOf(child),
        eventually(async () => (await parked()).length > 0, 40_000),
      ]);
      if (over === undefined) break;
      expect(over).toBe('SIGKILL');
      expect(deaths).toBeLessThan(20);
    }
    await eventually(async () => (await count('transfer')) === neighbours.length);
    expect(deaths).toBe(8); // three until it is suspicious, five alone
    expect(await parked()).toEqual([
      {
        key: deadly.paymentId,
        type: 'payment.accepted',
        reason: 'poison',
        detail: '5 processes began it and did not get to the end',
      },
      { key: deadly.paymentId, type: 'payment.reversed', reason: 'waiting-for', detail: expect.any(String) },
    ]);
    expect(await count('started_attempt')).toBe(0);
    processes.kill();
    expect(await broker.left()).toBe(0);
  });

  it('kills the process once more when it is redriven: nothing is lost, nothing else is held up, nothing tries it again by itself', async () => {
    const harmless = payment();
    const message = messageOf(ledger.setup.runId, harmless, 'payment.accepted', { queue });
    await ledger.admin.transaction((tx) =>
      park(tx, [{ message, reason: 'dead-lettered', detail: 'a test' }]),
    );
    const before = await parked();
    const first = await processes.startVulnerable();
    await eventually(() => isReady(first.url), 60_000);
    const body = JSON.stringify({ by: 'ann', why: 'perhaps it is fixed', all: true });
    const redrive = (url: string) =>
      fetch(`${url}/parked/redrive`, {
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json' },
        body,
      });
    await expect(redrive(first.url)).rejects.toThrow('fetch failed');
    expect(await exitOf(first.child)).toBe('SIGKILL');
    expect(await count(`transfer WHERE payment_id = '${harmless.paymentId}'`)).toBe(1);
    expect((await parked()).length).toBe(before.length - 1);

    const next = await processes.startVulnerable();
    await eventually(() => isReady(next.url), 60_000);
    const attempts = (await (
      await fetch(`${next.url}/inbox/attempts`, { headers: authorization })
    ).json()) as unknown[];
    expect(attempts).toMatchObject([{ starts: 1, queue }]);
    next.child.kill('SIGTERM');
    expect(await exitOf(next.child)).toBe(0); // it had nothing to do with it

    const fixed = await processes.startFixed();
    await eventually(() => isReady(fixed.url), 60_000);
    expect(await (await redrive(fixed.url)).json()).toMatchObject({ redriven: { posted: 2 }, remaining: 0 });
    expect(await parked()).toEqual([]);
    expect(await count('started_attempt')).toBe(0);
  });
});
