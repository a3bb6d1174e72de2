import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(60_000);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start({ restart: false });
});
afterAll(() => system.stop());

describe('payments, told to stop', () => {
  it('A6: answers what it has in hand, and ends although the client keeps its connection', async () => {
    const { payments } = system.stack.services;
    const blocker = await blockPayments();
    const agent = new Agent({ keepAlive: true });
    const answered = pay(payments.url, agent);
    await eventually(() => blocker.somebodyWaits(), 'the payment waits for the lock');
    const startMs = performance.now();
    const stopped = payments.stop(); // SIGTERM, and kill -9 after 4 s
    await eventually(() => refusesConnections(payments.url), 'payments takes no new connections');
    await blocker.end();
    expect(await answered).toBe(201);
    await stopped;
    expect(performance.now() - startMs).toBeLessThan(3_000);
    agent.destroy();
    await payments.restart();
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(1));
  });

  it('A6: under load loses nothing of what it answered, and what was on its way is paid by the repeat', async () => {
    const { payments } = system.stack.services;
    let done = 0;
    const paying = system.pay(600, {
      concurrency: 32,
      url: payments.url,
      onProgress: (progress) => {
        done = progress.done;
      },
    });
    await eventually(() => done > 100, 'payments flow');
    await payments.stop();
    await payments.restart();
    expect((await paying).summary).toMatchObject({ rows: 600, refused: 0, failed: 0 });
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(601));
    expect(system.errorsLogged).toEqual([]);
  });
});

/** Holds a lock that every payment needs, until it is ended. */
async function blockPayments() {
  const client = new Client({ connectionString: system.stack.env['PAID_ONCE_PAYMENTS_ADMIN_DB_URL'] });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE payment_event IN SHARE MODE');
  return {
    somebodyWaits: async () =>
      (
        await client.query('SELECT 1 FROM pg_locks WHERE NOT granted AND relation = $1::regclass', [
          'payment_event',
        ])
      ).rowCount === 1,
    end: () => client.end(),
  };
}

async function pay(url: string, agent: Agent): Promise<number | undefined> {
  const sent = request(`${url}/payments`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'idempotency-key': 'in-hand' },
  });
  sent.end(JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

async function refusesConnections(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`, { headers: { connection: 'close' } }).then(
    () => false,
    () => true,
  );
}
