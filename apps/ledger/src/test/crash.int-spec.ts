import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ledgerQueue } from '@paid-once/contracts';
import { faultPoints } from '@paid-once/service';
import type { ChildProcess } from 'node:child_process';
import { BrokerRig } from './broker-rig.js';
import { eventually } from './eventually.js';
import { exitOf, LedgerProcesses } from './ledger-processes.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(120_000);

describe('a ledger process that is killed', () => {
  let ledger: LedgerRig;
  let broker: BrokerRig;
  let processes: LedgerProcesses;
  beforeAll(async () => {
    [ledger, broker] = await Promise.all([LedgerRig.create({ lab: true }), BrokerRig.create()]);
    processes = new LedgerProcesses(ledger, broker);
  });
  afterEach(() => processes.kill());
  afterAll(async () => {
    await broker.drop();
    await ledger.drop();
  });

  /** Lets a process settle what is left: queues keep their order, so when the last of each is posted, all is. */
  async function finish(child: ChildProcess): Promise<void> {
    const before = await transfers(`WHERE reference = 'last'`);
    const last = [0, 1, 2, 3].map((shard) => {
      const data = payment({ reference: 'last' });
      return messageOf(ledger.setup.runId, data, 'payment.accepted', { queue: ledgerQueue(shard) });
    });
    await broker.publish(last);
    await eventually(async () => (await transfers(`WHERE reference = 'last'`)) === before + 4);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect(await broker.left()).toBe(0);
  }

  const transfers = async (which = '') => {
    const [row] = await ledger.admin.query<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM transfer ${which}`,
    );
    return row?.count ?? 0;
  };
  const sums = async () => {
    const [row] = await ledger.admin.query<unknown[]>(
      `SELECT count(*)::int AS transfers, count(DISTINCT (payment_id, kind))::int AS events,
              sum(amount_minor)::int AS amount, (SELECT sum(debits_posted)::int FROM account) AS debits,
              (SELECT count(*)::int FROM parked_message) AS parked
         FROM transfer`,
    );
    return row;
  };

  it.each(faultPoints.filter((point) => point.startsWith('ledger.')))(
    'F1 G9 G11: at %s, twice, posts everything exactly once with the process that comes after it',
    async (point) => {
      await ledger.empty();
      const all = Array.from({ length: 300 }, () => payment());
      const messages = all.flatMap((data) => [
        messageOf(ledger.setup.runId, data),
        messageOf(ledger.setup.runId, data, 'payment.reversed'),
      ]);
      await broker.publish(messages);
      for (const child of [await processes.start(point), await processes.start(point)])
        expect(await exitOf(child)).toBe('SIGKILL');
      await finish(await processes.start());
      expect(await sums()).toEqual({
        transfers: 604,
        events: 604,
        amount: 60_400,
        debits: 60_400,
        parked: 0,
      });
    },
  );

  it('by SIGTERM, acknowledges all that it has posted and nothing else, and exits with 0', async () => {
    await ledger.empty();
    const child = await processes.start();
    await broker.publish(Array.from({ length: 5_000 }, () => messageOf(ledger.setup.runId, payment())));
    await eventually(async () => (await transfers()) > 0);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect(await broker.left()).toBe(5_000 - (await transfers()));
  });
});
