import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BrokerRig } from './broker-rig.js';
import { eventually } from './eventually.js';
import { exitOf, isReady, LedgerProcesses } from './ledger-processes.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(240_000);

describe('several ledgers', () => {
  let ledger: LedgerRig;
  let broker: BrokerRig;
  let processes: LedgerProcesses;
  beforeAll(async () => {
    [ledger, broker] = await Promise.all([LedgerRig.create(), BrokerRig.create()]);
    processes = new LedgerProcesses(ledger, broker);
  });
  afterEach(() => processes.kill());
  beforeEach(() => ledger.empty());
  afterAll(async () => {
    await broker.drop();
    await ledger.drop();
  });

  const queue = 'ledger.payments.2';
  const transfers = async () => (await ledger.admin.query<unknown[]>('SELECT FROM transfer')).length;
  /** The order in which they were posted: payment ids of tests grow. */
  const inOrder = () =>
    ledger.admin.query<unknown[]>(
      `SELECT bool_and(payment_id >= before) AS payments_in_order, bool_and(kind > kind_before OR payment_id > before) AS
              reversals_behind, count(*)::int AS count, count(DISTINCT (payment_id, kind))::int AS events
         FROM (SELECT payment_id, kind, lag(payment_id) OVER (ORDER BY id) AS before,
                      lag(kind) OVER (ORDER BY id) AS kind_before
                 FROM transfer) AS posted`,
    );
  const allInOrder = (count: number) => [
    { payments_in_order: true, reversals_behind: true, count, events: count },
  ];
  const lifeOf = (data: ReturnType<typeof payment>) => [
    messageOf(ledger.setup.runId, data, 'payment.accepted', { queue }),
    messageOf(ledger.setup.runId, data, 'payment.reversed', { queue }),
  ];

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'F7 F9: hand a queue over in order when the one that consumes it ends by %s, again and again, and post each event once',
    async (signal) => {
      const all = Array.from({ length: 600 }, () => payment());
      const ledgers = [
        await processes.startFixed(),
        await processes.startFixed(),
        await processes.startFixed(),
      ];
      for (const { url } of ledgers) await eventually(() => isReady(url), 60_000);
      let published = 0;
      const publishing = (async () => {
        for (let from = 0; from < all.length; from += 30, published += 60)
          await broker.publish(all.slice(from, from + 30).flatMap(lifeOf));
      })();
      for (const { child } of ledgers.slice(0, 2)) {
        const before = await transfers();
        await eventually(async () => (await transfers()) > before || published === all.length * 2, 60_000);
        child.kill(signal);
        expect(await exitOf(child)).toBe(signal === 'SIGTERM' ? 0 : signal);
      }
      await publishing;
      await eventually(async () => (await transfers()) === all.length * 2, 60_000);
      expect(await inOrder()).toEqual(allInOrder(all.length * 2));
      expect(await ledger.admin.query('SELECT FROM parked_message')).toEqual([]);
    },
  );

  it('F7: end right although somebody put messages back in disorder: a reversal waits for its payment', async () => {
    const all = Array.from({ length: 100 }, () => payment());
    await broker.publish(all.flatMap(lifeOf));
    const disorder = await broker.disorder(queue, 200);
    expect(disorder).toBeGreaterThan(0);
    await processes.startFixed();
    await eventually(async () => (await transfers()) === 200, 60_000);
    const [row] = await ledger.admin.query<unknown[]>(
      `SELECT count(*)::int AS pairs FROM transfer AS payment JOIN transfer AS reversal USING (payment_id)
        WHERE payment.kind = 'payment' AND reversal.kind = 'reversal' AND payment.id < reversal.id`,
    );
    expect(row).toEqual({ pairs: 100 });
    expect(await ledger.admin.query('SELECT FROM parked_message')).toEqual([]);
    processes.kill();
    expect(await broker.left()).toBe(0);
  });
});
