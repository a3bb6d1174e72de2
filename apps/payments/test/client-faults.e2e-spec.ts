import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setInterval } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PaymentsDatabase, startPayments } from './payments-app.js';

jest.setTimeout(30_000);

const body = JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' });

let database: PaymentsDatabase;
let app: NestFastifyApplication | undefined;
let port: number;

beforeAll(async () => {
  database = await PaymentsDatabase.create();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await database.rows(fastAgain);
  await database.rows('TRUNCATE payment_event, outbox_message');
});
afterAll(() => database.drop());

/** On a port of its own: what is wrong with these clients is how they use their connection. */
async function listen(settings: Parameters<typeof startPayments>[1] = {}): Promise<void> {
  app = await startPayments(database, settings);
  await app.listen(0, '127.0.0.1');
  ({ port } = (app.getHttpServer() as { address(): AddressInfo }).address());
}

function post(key: string = randomUUID(), signal?: AbortSignal): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/payments`, {
    method: 'POST',
    headers: { 'idempotency-key': key, 'content-type': 'application/json' },
    body,
    ...(signal && { signal }),
  });
}

const fastAgain = 'DROP FUNCTION IF EXISTS dawdle CASCADE';
const paid = () => database.count('payment_event');

describe('a request that does not end', () => {
  const head =
    'POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: slow\r\n' +
    `Content-Length: ${body.length}\r\n`;
  const cut: [title: string, begins: string, drips: string][] = [
    ['A4 P30: is closed in time when it stops within its headers', head, ''],
    ['A4 P30: is closed in time when it stops within its body', `${head}\r\n${body.slice(0, 20)}`, ''],
    [
      'A4 P30: is closed in time when its headers drip in byte by byte',
      head,
      'X-More: xxxxxxxxxxxxxxxxxxxxxxxxxxx',
    ],
    ['A4 P30: is closed in time when its body drips in byte by byte', `${head}\r\n`, body],
  ];

  it.each(cut)('%s, with 200 like it, while others are served', async (_title, begins, drips) => {
    await listen({ requestTimeoutMs: 900 });
    const slow = await Promise.all(Array.from({ length: 200 }, () => slowClient(begins, drips)));
    const startedMs = performance.now();
    for (const status of await Promise.all(Array.from({ length: 20 }, async () => (await post()).status)))
      expect(status).toBe(201);
    const answers = await Promise.all(slow.map(({ answer }) => answer));
    expect(performance.now() - startedMs).toBeLessThan(10_000); // without a limit: never
    for (const answer of answers) expect(answer).toMatch(/^(HTTP\/1\.1 408|$)/);
    expect(await paid()).toBe(20);
  });

  /** Resolves when connected; `answer` when the connection was closed, with all that came on it. */
  async function slowClient(begins: string, drips: string): Promise<{ answer: Promise<string> }> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(begins);
    void drip(socket, drips);
    return { answer: answerOf(socket) };
  }

  async function drip(socket: Socket, text: string): Promise<void> {
    let sent = 0;
    for await (const _ of setInterval(100)) {
      const next = text[sent++];
      if (next === undefined || socket.destroyed) return;
      socket.write(next);
    }
  }

  function answerOf(socket: Socket): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      socket.on('data', (bytes) => (answer += bytes.toString()));
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer));
    });
  }
});

describe('a client that gives up', () => {
  it('A7: finds by its key what became of the payment, and has paid once', async () => {
    await listen();
    await database.rows('BEGIN');
    await database.rows('LOCK TABLE outbox_message IN EXCLUSIVE MODE');
    await expect(post('given-up', AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
    await database.rows('ROLLBACK');
    let status = 0;
    while (status !== 208) {
      const answer = await post('given-up');
      ({ status } = answer);
      expect([201, 208, 409, 503]).toContain(status);
      await answer.body?.cancel();
    }
    expect([await paid(), await database.count('outbox_message')]).toEqual([1, 1]);
  });
});

describe('ten times more payments than can be in hand', () => {
  it('A8: are answered 503 overloaded with Retry-After at once above the bound; what is accepted is answered in time, and all are paid in the end', async () => {
    await listen({ backlog: 30, batch: 10 });
    await slowTransactions(200);
    const keys = Array.from({ length: 300 }, (_, index) => `rush-${index}`);
    const answers = await Promise.all(keys.map((key) => timed(() => post(key))));
    const refused = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(30);
    expect(refused.length).toBeGreaterThan(100);
    expect(refused[0]).toMatchObject({ retryAfter: '1', type: '/problems/overloaded' });
    expect(await paid()).toBe(answers.length - refused.length); // refused means: not begun
    for (const { ms } of answers) expect(ms).toBeLessThan(5_000);
    await database.rows(fastAgain);
    let open = keys;
    while (open.length > 0) {
      const statuses = await Promise.all(open.map(async (key) => (await post(key)).status));
      open = open.filter((_, index) => statuses[index] === 503);
    }
    expect(await paid()).toBe(300);
  });

  /** Every transaction takes so much longer. Milliseconds. */
  async function slowTransactions(ms: number): Promise<void> {
    await database.rows(`
      CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep(${ms / 1_000}); RETURN NULL; END $$`);
    await database.rows(
      'CREATE TRIGGER dawdle BEFORE INSERT ON payment_event FOR EACH STATEMENT EXECUTE FUNCTION dawdle()',
    );
  }

  async function timed(send: () => Promise<Response>) {
    const started = performance.now();
    const answer = await send();
    const { type } = (await answer.json()) as { type?: string };
    const retryAfter = answer.headers.get('retry-after');
    return { status: answer.status, type, retryAfter, ms: performance.now() - started };
  }
});

describe('ten times more connections than may be open', () => {
  it('A8: are closed at once above the bound; those within it go on being served, and others are once there is room', async () => {
    await listen({ maxConnections: 20 });
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const payOnEach = () => Promise.all(Array.from({ length: 20 }, () => payOn(agent)));
    expect(new Set(await payOnEach())).toEqual(new Set([201]));
    const startedMs = performance.now();
    const above = await Promise.all(Array.from({ length: 200 }, closedUnanswered));
    expect(above.every((unanswered) => unanswered)).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    expect(new Set(await payOnEach())).toEqual(new Set([201]));
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(20); // the same ones
    expect(await paid()).toBe(40);
    agent.destroy();
    let status: number | undefined;
    while (status !== 201)
      status = await post().then(
        (answer) => answer.status,
        () => undefined,
      );
  });

  async function payOn(agent: Agent): Promise<number | undefined> {
    const headers = { 'idempotency-key': randomUUID(), 'content-type': 'application/json' };
    const sent = request({ port, agent, method: 'POST', path: '/payments', headers });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    await once(answer.resume(), 'end');
    return answer.statusCode;
  }

  /** Resolves when the server has closed it. */
  function closedUnanswered(): Promise<boolean> {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    return new Promise((resolve) => {
      socket.on('data', () => resolve(false));
      socket.on('error', () => {});
      socket.on('close', () => resolve(true));
    });
  }
});

describe('a key that comes again years later', () => {
  it('A9: still finds its payment: it is the payment’s own row, and nothing about it expires', async () => {
    await listen();
    const first = await post('old');
    const text = await first.text();
    await database.rows(`SET session_replication_role = replica`); // even the owner may not change what was paid
    await database.rows(`UPDATE payment_event SET created_at = created_at - interval '10 years'`);
    await database.rows(`SET session_replication_role = origin`);
    await database.rows('TRUNCATE outbox_message'); // as retention leaves it
    const again = await post('old');
    const paymentOf = (json: string) => (JSON.parse(json) as { id: string }).id;
    expect([first.status, again.status]).toEqual([201, 208]);
    expect(paymentOf(await again.text())).toBe(paymentOf(text));
    expect([await paid(), await database.count('outbox_message')]).toEqual([1, 0]);
  });
});
