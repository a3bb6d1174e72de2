import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ledgerQueue } from '@paid-once/contracts';
import { faultPoints, type FaultPoint } from '@paid-once/service';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BrokerRig } from './broker-rig.js';
import { eventually } from './eventually.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(120_000);
const program = join(process.cwd(), 'dist/apps/ledger/src/main.js');

describe('a ledger process that is killed', () => {
  let ledger: LedgerRig;
  let broker: BrokerRig;
  const processes: ChildProcess[] = [];
  beforeAll(async () => {
    [ledger, broker] = await Promise.all([LedgerRig.create({ lab: true }), BrokerRig.create()]);
  });
  afterEach(() => processes.splice(0).forEach((process) => process.kill('SIGKILL')));
  afterAll(async () => {
    await broker.drop();
    await ledger.drop();
  });

  function start(crashAt?: FaultPoint): ChildProcess {
    const child = spawn(process.execPath, [program], {
      env: {
        PAID_ONCE_LAB: 'true',
        PAID_ONCE_LEDGER_DB_URL: ledger.setup.serviceUrl,
        PAID_ONCE_LEDGER_AMQP_URL: broker.url('ledger'),
        PAID_ONCE_LEDGER_PORT: String(20_000 + (process.pid % 20_000) + processes.length),
        ...(crashAt && { PAID_ONCE_CRASH_AT: crashAt }),
      },
      stdio: 'ignore',
    });
    processes.push(child);
    return child;
  }

  async function exitOf(child: ChildProcess): Promise<number | string | null> {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode ?? child.signalCode;
  }

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
    'at %s, twice, posts everything exactly once with the process that comes after it',
    async (point) => {
      await ledger.empty();
      const all = Array.from({ length: 300 }, () => payment());
      const messages = all.flatMap((data) => [
        messageOf(ledger.setup.runId, data),
        messageOf(ledger.setup.runId, data, 'payment.reversed'),
      ]);
      await broker.publish(messages);
      for (const child of [start(point), start(point)]) expect(await exitOf(child)).toBe('SIGKILL');
      await finish(start());
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
    const child = start();
    await broker.publish(Array.from({ length: 5_000 }, () => messageOf(ledger.setup.runId, payment())));
    await eventually(async () => (await transfers()) > 0);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect(await broker.left()).toBe(5_000 - (await transfers()));
  });
});
