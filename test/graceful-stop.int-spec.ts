import { Agent, request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(60_000);

let system: TestStack;

/** Long enough to ask some times in the first third of it, on a busy machine too. */
const drainMs = 1_500;

const cleanly = { code: 0, signal: null };

let paidSoFar = 0;

beforeAll(async () => {
  system = await TestStack.start({
    restart: false,
    env: { payments: { PAID_ONCE_DRAIN_MS: String(drainMs) } },
  });
});
afterAll(() => system.stop());

describe('payments, told to stop', () => {
  it('A6: is not ready from then on, but lives and takes payments until whoever sends them has noticed; told twice it does the same', async () => {
    const { payments } = system.stack.services;
    expect(await pay(payments.url, { key: 'before' })).toBe(201);
    await payments.kill('SIGTERM');
    const toldMs = performance.now();
    await eventually(async () => (await ready(payments.url)).code === 503, 'payments is not ready');
    const stopped = payments.stop(); // SIGTERM again
    let paid = 0;
    do {
      expect(await pay(payments.url, { key: `late-${paid}` })).toBe(201);
      expect(await ready(payments.url)).toMatchObject({ code: 503, status: 'shutting_down' });
      expect((await fetch(`${payments.url}/health/live`, anew)).status).toBe(200);
      paid++;
    } while (performance.now() < toldMs + drainMs / 3);
    await eventually(() => refusesConnections(payments.url), 'payments takes no new connections');
    expect(performance.now() - toldMs).toBeGreaterThanOrEqual(drainMs - 50);
    expect(await stopped).toEqual(cleanly);
    await payments.restart();
    paidSoFar += 1 + paid;
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paidSoFar));
  });

  it('A6: answers what it has in hand, and ends although the client keeps its connection', async () => {
    const { payments } = system.stack.services;
    const blocker = await blockPayments();
    const agent = new Agent({ keepAlive: true });
    const answered = pay(payments.url, { key: 'in-hand', agent });
    await eventually(() => blocker.somebodyWaits(), 'the payment is in hand');
    const stopped = payments.stop(); // SIGTERM, and kill -9 after 4 s
    await eventually(() => refusesConnections(payments.url), 'payments takes no new connections');
    expect(await blocker.somebodyWaits()).toBe(true);
    await blocker.end();
    expect(await answered).toBe(201);
    expect(await stopped).toEqual(cleanly);
    agent.destroy();
    await payments.restart();
    paidSoFar += 1;
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paidSoFar));
  });

  it('A6: answers what comes on a connection that is still open as every error, and closes it', async () => {
    const { payments } = system.stack.services;
    const blocker = await blockPayments();
    const socket = connect(Number(new URL(payments.url).port), '127.0.0.1');
    const answers = text(socket);
    socket.write(rawPayment('in-hand-too'));
    await eventually(() => blocker.somebodyWaits(), 'the payment is in hand');
    const stopped = payments.stop();
    await eventually(() => refusesConnections(payments.url), 'payments takes no new connections');
    socket.write(rawPayment('too-late'));
    await blocker.end();
    const [first, second] = (await answers).split(/(?=HTTP\/1\.1 )/);
    expect(first).toMatch(/^HTTP\/1\.1 201 /);
    expect(second).toMatch(/^HTTP\/1\.1 503 /);
    expect(second?.toLowerCase()).toMatch(/content-type: application\/problem\+json/);
    expect(second?.toLowerCase()).toMatch(/connection: close/);
    expect(second).toMatch(/"type":"\/problems\/temporarily-unavailable".*Nothing was done/);
    expect(await stopped).toEqual(cleanly);
    await payments.restart();
    paidSoFar += 1;
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paidSoFar));
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
    expect(await payments.stop()).toEqual(cleanly);
    await payments.restart();
    expect((await paying).summary).toMatchObject({ rows: 600, refused: 0, failed: 0 });
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paidSoFar + 600));
    expect(system.errorsLogged).toEqual([]);
  });
});

/** Keeps every payment in hand, in its transaction, until it is ended: for less than a statement may take (5 s). */
async function blockPayments() {
  const client = new Client({ connectionString: system.stack.env['PAID_ONCE_PAYMENTS_ADMIN_DB_URL'] });
  client.on('error', () => {});
  await client.connect();
  await client.query(`
    SELECT pg_advisory_lock(6);
    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        WHILE NOT pg_try_advisory_xact_lock_shared(6) LOOP PERFORM pg_sleep(0.01); END LOOP;
        RETURN NULL;
      END $$;
    CREATE TRIGGER dawdle BEFORE INSERT ON payment_event FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`);
  return {
    somebodyWaits: async () =>
      (
        await client.query(
          `SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()`,
        )
      ).rowCount === 1,
    end: async () => {
      await client.query('SELECT pg_advisory_unlock(6)');
      await client.query('DROP FUNCTION dawdle CASCADE'); // waits for the payment
      await client.end();
    },
  };
}

function rawPayment(key: string): string {
  const body = JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' });
  const headers = {
    host: 'localhost',
    'content-type': 'application/json',
    'idempotency-key': key,
    'content-length': body.length,
  };
  return [
    'POST /payments HTTP/1.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n');
}

/** @param options.agent default: a connection of its own */
async function pay(
  url: string,
  { key, agent = false }: { key: string; agent?: Agent | false },
): Promise<number | undefined> {
  const sent = request(`${url}/payments`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  sent.end(JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' }));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

const anew = { headers: { connection: 'close' } };

async function ready(url: string) {
  const answer = await fetch(`${url}/health/ready`, anew);
  return { code: answer.status, ...((await answer.json()) as object) };
}

async function refusesConnections(url: string): Promise<boolean> {
  return fetch(`${url}/health/live`, anew).then(
    () => false,
    () => true,
  );
}
