import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BrokerRig } from '../../test/broker-rig.js';
import { eventually } from '../../test/eventually.js';
import { exitOf, LedgerProcesses } from '../../test/ledger-processes.js';
import { LedgerRig } from '../../test/ledger-rig.js';
import { messageOf, payment } from '../../test/payment-messages.js';
import type { Chapter } from './chapter.js';

jest.setTimeout(120_000);

describe('a ledger process', () => {
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
  beforeEach(() => ledger.empty());

  it.each([
    [2, 'twice'],
    [4, 'once'],
  ] as const)(
    'of chapter %i killed between commit and ack has posted its batch %s in the end',
    async (n, often) => {
      await enter(n);
      const count = 100;
      await publish(count);
      expect(await exitOf(await processes.start('ledger.after-commit'))).toBe('SIGKILL');
      const inBatch = (await posted()).transfers;
      expect(inBatch).toBeGreaterThan(0);
      const next = await processes.start(); // still in that chapter: it is in the database
      await eventually(async () => (await posted()).events === count);
      next.kill('SIGTERM');
      expect(await exitOf(next)).toBe(0);
      expect(await broker.left()).toBe(0);
      const transfers = often === 'twice' ? count + inBatch : count;
      expect(await posted()).toEqual({ events: count, transfers, debits: 100 * transfers });
    },
  );

  it.each(['ledger.before-transaction', 'ledger.after-commit'] as const)(
    'of chapter 1 killed at %s takes along what it had received: it is gone',
    async (point) => {
      await enter(1);
      const count = 200;
      await publish(count);
      expect(await exitOf(await processes.start(point))).toBe('SIGKILL');
      const left = await broker.left(); // and takes them
      const { transfers } = await posted();
      expect(transfers + left).toBeLessThan(count);
    },
  );

  it('that starts in chapter 1 consumes with automatic acknowledgement from the first message on', async () => {
    await enter(1);
    const child = await processes.start();
    const seen = new Set<boolean>();
    await eventually(async () => {
      const consumers = await broker.consumersAcknowledge();
      for (const acknowledges of consumers) seen.add(acknowledges);
      return consumers.length === 4;
    });
    await publish(10);
    await eventually(async () => (await posted()).transfers === 10);
    expect([...seen]).toEqual([false]);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
  });

  it('of chapter 1 told to stop posts what it has received first', async () => {
    await enter(1);
    const child = await processes.start();
    await publish(500);
    await eventually(async () => (await posted()).transfers > 0);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect((await posted()).transfers + (await broker.left())).toBe(500);
  });

  async function enter(chapter: Chapter): Promise<void> {
    await ledger.admin.query('UPDATE lab_chapter SET chapter = $1, since = clock_timestamp()', [chapter]);
  }

  async function publish(count: number): Promise<void> {
    await broker.publish(Array.from({ length: count }, () => messageOf(ledger.setup.runId, payment())));
  }

  async function posted(): Promise<{ events: number; transfers: number; debits: number }> {
    const [row] = await ledger.admin.query<{ events: number; transfers: number; debits: number }[]>(
      `SELECT count(DISTINCT payment_id)::int AS events, count(*)::int AS transfers,
              (SELECT coalesce(sum(debits_posted), 0)::int FROM account) AS debits
         FROM transfer`,
    );
    return row!;
  }
});
