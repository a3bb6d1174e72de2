import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, jest } from '@jest/globals';
import { Client } from 'pg';
import { itNeeding, whyNoTmpfs } from './support/it-needing.js';
import { SmallDisk } from './support/small-disk.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

const timeouts = { PAID_ONCE_DB_TIMEOUT_MS: '1200' };
const itOnSmallDisks = itNeeding(
  process.env.TEST_SERVERS === 'local' ? whyNoTmpfs() : 'the servers run in containers',
);

let system: TestStack;
let disks: { payments: SmallDisk; ledger: SmallDisk };

async function start(holds: 'data' | 'wal'): Promise<void> {
  disks = { payments: await SmallDisk.create(holds), ledger: await SmallDisk.create(holds) };
  system = await TestStack.start({
    throwAway: {
      payments: disks.payments.server.adminUrl('postgres'),
      ledger: disks.ledger.server.adminUrl('postgres'),
    },
    env: { payments: timeouts, relay: timeouts, ledger: timeouts },
  });
}
afterEach(async () => {
  await system.stop();
  await disks.payments.remove();
  await disks.ledger.remove();
});

describe('a database whose disk is full', () => {
  itOnSmallDisks(
    'B10: is 503 storage at payments, which stays up and takes what still has room; with space everything is paid once',
    async () => {
      await start('data');
      const { payments } = system.stack.services;
      const [pid, postmaster] = [payments.pid, disks.payments.server.pid];
      await disks.payments.fill();
      const keys: string[] = [];
      let refused: Answer | undefined;
      while (!refused) {
        keys.push(randomUUID());
        const answer = await post(payments.url, keys.at(-1)!);
        if (answer.status !== 201) refused = answer;
      }
      expect(refused).toEqual({ status: 503, type: '/problems/storage', retryAfter: '5' });
      expect((await fetch(`${payments.url}/payments?limit=1`)).status).toBe(200);
      await disks.payments.makeSpace();
      for (const key of keys) expect([201, 208]).toContain((await post(payments.url, key)).status);
      expect(await system.compareUntilAgreed()).toMatchObject(agreement(keys.length));
      expect([payments.pid, disks.payments.server.pid]).toEqual([pid, postmaster]);
    },
  );

  itOnSmallDisks('B10 G8: stops the ledger from posting, not from going on when there is space', async () => {
    await start('data');
    const { ledger } = system.stack.services;
    const [pid, postmaster] = [ledger.pid, disks.ledger.server.pid];
    await disks.ledger.fill();
    let rows = 0;
    await eventually(async () => {
      await system.pay(100);
      rows += 100;
      return (await consumer(ledger.url)).kind === 'waiting';
    }, 'the ledger has no room left');
    expect((await consumer(ledger.url)).cause).toMatch(/No space left on device|could not extend/);
    expect(await system.transfersPosted()).toBeLessThan(rows);
    await disks.ledger.makeSpace();
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(rows));
    expect(await system.sql('ledger', 'SELECT reason FROM parked_message')).toEqual([]);
    expect([ledger.pid, disks.ledger.server.pid]).toEqual([pid, postmaster]);
  });
});

describe('a database whose log has no room left', () => {
  itOnSmallDisks(
    'B11 G8: stays down until there is space, and then nothing that was answered is missing',
    async () => {
      await start('wal');
      await system.pay(50);
      const pids = Object.values(system.stack.services).map(({ pid }) => pid);
      for (const disk of [disks.payments, disks.ledger]) {
        await disk.fill();
        await eventually(() => isDownAfterTheNextSegment(disk), 'Postgres is down');
      }
      const { payments, ledger } = system.stack.services;
      expect(await post(payments.url, randomUUID())).toMatchObject({ status: 503, retryAfter: '1' });
      await expect(disks.payments.server.restart()).rejects.toThrow(/No space left on device/);
      for (const service of [payments, ledger]) {
        expect(await service.isReady()).toBe(false);
        expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      }
      const meeting = system.pay(20, { retry: { limitMs: 60_000, firstDelayMs: 50, maxDelayMs: 500 } });
      for (const disk of [disks.payments, disks.ledger]) {
        await disk.makeSpace();
        await disk.server.restart();
      }
      expect((await meeting).summary).toMatchObject({ rows: 20, refused: 0, failed: 0 });
      expect(await system.compareUntilAgreed()).toMatchObject(agreement(70));
      expect(Object.values(system.stack.services).map(({ pid }) => pid)).toEqual(pids);
    },
  );

  async function isDownAfterTheNextSegment({ server }: SmallDisk): Promise<boolean> {
    const client = new Client({ connectionString: server.adminUrl('postgres') });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT pg_logical_emit_message(false, $$x$$, $$x$$), pg_switch_wal()');
    } catch {
      // it is going down
    } finally {
      await client.end().catch(() => {});
    }
    return (await server.state()) === 'dead';
  }
});

interface Answer {
  status: number;
  type: string | undefined;
  retryAfter: string | null;
}

async function post(url: string, key: string): Promise<Answer> {
  const answer = await fetch(`${url}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1', reference: 'x'.repeat(100) }),
  });
  const { type } = (await answer.json()) as { type?: string };
  return { status: answer.status, type, retryAfter: answer.headers.get('retry-after') };
}

async function consumer(url: string): Promise<{ kind: string; cause?: string }> {
  const answer = await fetch(`${url}/status`);
  return ((await answer.json()) as { consumer: { kind: string; cause?: string } }).consumer;
}
