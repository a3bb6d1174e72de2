import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { startCommitEater } from '../test/lose-commit-answer.js';
import { PaymentsDatabase, startPayments } from '../test/payments-app.js';
import { messageOf, type EventRow } from './payment-message.js';
import { paymentsEntities, paymentsMigrations } from './payments-database.js';

jest.setTimeout(30_000);

let database: PaymentsDatabase;
let app: NestFastifyApplication;

beforeAll(async () => {
  database = await PaymentsDatabase.create();
  app = await startPayments(database);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
afterEach(async () => {
  await database.rows('TRUNCATE payment_event, outbox_message');
});

const payment = { src: 'bianca', dest: 'marc', amount: '1' };

function post(body: unknown, key: string = randomUUID(), url = '/payments', to = app) {
  return to.inject({
    method: 'POST',
    url,
    headers: { 'idempotency-key': key, 'content-type': 'application/json' },
    payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
}

async function deadlocks(): Promise<number> {
  const [row] = await database.rows(
    'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
  );
  return Number(row?.deadlocks);
}

const reverse = (id: string, key: string = randomUUID()) => post('{}', key, `/payments/${id}/reversal`);

describe('a payment', () => {
  it('is answered 201 with its location, and is stored with its outbox row in one transaction', async () => {
    const answer = await post({ ...payment, amount: 12.5, reference: 'rent' });
    expect(answer.statusCode).toBe(201);
    const body = answer.json<{ id: string }>();
    expect(answer.headers.location).toBe(`/payments/${body.id}`);
    expect(body).toMatchObject({
      src: 'bianca',
      dest: 'marc',
      amount: '12.50',
      currency: 'EUR',
      reference: 'rent',
      status: 'accepted',
    });
    const rows = await database.rows(
      'SELECT e.xmin = m.xmin AS together, m.key, m.payload FROM payment_event e JOIN outbox_message m USING (message_id)',
    );
    expect(rows).toEqual([{ together: true, key: body.id, payload: expect.any(String) }]);
    expect(JSON.parse(String(rows[0]!.payload))).toEqual({
      paymentId: body.id,
      src: 'bianca',
      dest: 'marc',
      amountMinor: '1250',
      currency: 'EUR',
      reference: 'rent',
    });
  });

  it('and its reversal are told in the outbox byte for byte as a replay of what was removed tells them', async () => {
    const reference = 'Zoë’s "rent" \\ 50 % 💶 </b>';
    const { id } = (await post({ ...payment, reference })).json<{ id: string }>();
    await post(payment);
    await reverse(id);
    const events = await database.rows('SELECT *, amount_minor::text FROM payment_event');
    const told = await database.rows('SELECT message_id, type, key, headers, payload FROM outbox_message');
    const asReplayed = events.map((event) => messageOf(event as unknown as EventRow));
    expect(told).toHaveLength(3);
    expect(asReplayed).toEqual(
      expect.arrayContaining(
        told.map(({ message_id: messageId, ...message }) => ({ messageId, ...message })),
      ),
    );
  });

  it('P22: that is repeated gets the first answer byte for byte, with 208, and is paid once', async () => {
    const first = await post(payment, 'k1');
    const again = await post(
      { amount: 1.0, dest: 'marc', currency: 'EUR', src: 'bianca', reference: null },
      '"k1"',
    );
    expect([first.statusCode, again.statusCode]).toEqual([201, 208]);
    expect(again.body).toBe(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect([await database.count('payment_event'), await database.count('outbox_message')]).toEqual([1, 1]);
  });

  it('is taken under both spellings of the path and both names of the key header', async () => {
    const old = await app.inject({
      method: 'POST',
      url: '/payments/',
      headers: { 'payment-idempotence-key': 'k2', 'content-type': 'application/json' },
      payload: JSON.stringify(payment),
    });
    expect([old.statusCode, (await post(payment, 'k2')).statusCode]).toEqual([201, 208]);
  });

  it('A2: sent 64 times at once under one key is paid once: one 201, the rest 208', async () => {
    const statuses = (await Promise.all(Array.from({ length: 64 }, () => post(payment, 'same')))).map(
      (a) => a.statusCode,
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 208)).toHaveLength(63);
    expect([await database.count('payment_event'), await database.count('outbox_message')]).toEqual([1, 1]);
  });

  it('A2: sent at once to three processes under one key is paid once', async () => {
    const others = [await startPayments(database), await startPayments(database)];
    const keys = Array.from({ length: 50 }, (_, index) => `shared-${index}`);
    const answers = await Promise.all(
      [app, ...others].flatMap((to, shift) =>
        keys.map((_, index) => post(payment, keys[(index + shift * 17) % keys.length], '/payments', to)),
      ),
    );
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(50);
    expect(answers.filter(({ statusCode }) => statusCode === 208)).toHaveLength(100);
    expect([await database.count('payment_event'), await database.count('outbox_message')]).toEqual([50, 50]);
    await Promise.all(others.map((other) => other.close()));
  });

  it('A2 B8: sent at once to three processes in other orders waits for no deadlock: each batch takes its keys in one order', async () => {
    const role = new URL(database.urls.payments).username;
    await database.rows(`ALTER ROLE "${role}" SET deadlock_timeout = '1ms'`); // sooner than a batch gives up a lock
    const processes = [
      await startPayments(database),
      await startPayments(database),
      await startPayments(database),
    ];
    const before = await deadlocks();
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 60 }, (_, index) => `crossed-${round}-${index}`);
      const answers = await Promise.all(
        processes.flatMap((to, shift) =>
          keys.map((_, index) => post(payment, keys[(index + shift * 20) % keys.length], '/payments', to)),
        ),
      );
      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201, 208]));
    }
    await Promise.all(processes.map((each) => each.close())); // what a session has counted is seen when it ends
    expect(await deadlocks()).toBe(before);
    await database.rows(`ALTER ROLE "${role}" RESET deadlock_timeout`);
  });

  it('A3 P23: under a key that belongs to another request is 422 and writes nothing', async () => {
    await post(payment, 'k3');
    for (const other of [
      { ...payment, amount: '2' },
      { ...payment, dest: 'anna' },
      { ...payment, reference: 'x' },
    ]) {
      const answer = await post(other, 'k3');
      expect([answer.statusCode, answer.json<{ type: string }>().type]).toEqual([
        422,
        '/problems/idempotency-key-reused',
      ]);
    }
    expect(await database.count('payment_event')).toBe(1);
  });

  it('shares its transaction with what arrives meanwhile, instead of taking one each', async () => {
    const answers = await Promise.all(Array.from({ length: 400 }, () => post(payment)));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
    const [row] = await database.rows(
      'SELECT count(DISTINCT xmin::text)::int AS transactions FROM payment_event',
    );
    expect(row!.transactions).toBeLessThan(100);
  });

  it('A2 P23: whose key is held by a transaction that hangs is 409 after a second, and its neighbours are paid meanwhile', async () => {
    await database.rows('BEGIN');
    await database.rows(
      `INSERT INTO payment_event (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
       VALUES (gen_random_uuid(), 'payment.accepted', 'anonymous', 'held', '', 'a', 'b', 1, 'EUR')`,
    );
    const held = post(payment, 'held');
    const neighbours = await Promise.all(Array.from({ length: 20 }, () => post(payment)));
    expect(new Set(neighbours.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
    const answer = await held;
    await database.rows('ROLLBACK');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([409, '1']);
    expect((await post(payment, 'held')).statusCode).toBe(201);
  });
});

describe('a reversal', () => {
  it('reverses once, under its own key, and the payment’s own answer stays what it was', async () => {
    const paid = await post(payment, 'pay');
    const { id } = paid.json<{ id: string }>();
    const reversed = await reverse(id, 'undo');
    expect([reversed.statusCode, reversed.json<{ status: string }>().status]).toEqual([201, 'reversed']);
    const again = await reverse(id, 'undo');
    expect([again.statusCode, again.body]).toEqual([208, reversed.body]);
    expect((await reverse(id, 'undo-otherwise')).json<{ type: string }>().type).toBe(
      '/problems/already-reversed',
    );
    expect((await post(payment, 'undo')).json<{ type: string }>().type).toBe(
      '/problems/idempotency-key-reused',
    );
    expect((await post(payment, 'pay')).body).toBe(paid.body);
    expect((await app.inject(`/payments/${id}`)).json<{ status: string }>().status).toBe('reversed');
    expect((await app.inject('/stats')).json()).toEqual({ count: 1, totals: { EUR: '0.00' }, reversals: 1 });
    const headers = await database.rows('SELECT type, headers FROM outbox_message ORDER BY id');
    expect(headers).toEqual([
      { type: 'payment.accepted', headers: {} },
      { type: 'payment.reversed', headers: { causation: `${id}/payment.accepted` } },
    ]);
  });

  it('sent 20 times at once under different keys happens once', async () => {
    const { id } = (await post(payment)).json<{ id: string }>();
    const statuses = (await Promise.all(Array.from({ length: 20 }, () => reverse(id)))).map(
      (a) => a.statusCode,
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 422)).toHaveLength(19);
  });

  it('of a payment that does not exist is 404', async () => {
    const answers = [await reverse('01890000-0000-7000-8000-000000000000'), await reverse('nonsense')];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([404, 404]);
  });
});

describe('reading', () => {
  it('lists payments page by page, oldest first, each once', async () => {
    for (let index = 0; index < 5; index++) await post({ ...payment, reference: String(index) });
    const seen: string[] = [];
    for (let after: string | null = ''; after !== null;) {
      const query: string = after ? `?limit=2&after=${after}` : '?limit=2';
      const page = (await app.inject(`/payments${query}`)).json<{
        items: { reference: string }[];
        next: string | null;
      }>();
      seen.push(...page.items.map(({ reference }) => reference));
      after = page.next;
    }
    expect(seen).toEqual(['0', '1', '2', '3', '4']);
  });

  it('exports every event in the order of payment id and type', async () => {
    const { id } = (await post(payment)).json<{ id: string }>();
    await post(payment);
    await reverse(id);
    const lines = (await app.inject('/export')).body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { paymentId: string; type: string });
    expect(lines.map(({ paymentId, type }) => `${paymentId} ${type}`)).toEqual(
      lines.map(({ paymentId, type }) => `${paymentId} ${type}`).sort(),
    );
    expect(Object.keys(lines[0]!)).toEqual([
      'paymentId',
      'type',
      'messageId',
      'src',
      'dest',
      'amountMinor',
      'currency',
    ]);
    expect(lines).toHaveLength(3);
    const rest = (await app.inject(`/export?after=${id}`)).body.trimEnd().split('\n');
    expect(rest).toHaveLength(1);
    expect((await app.inject('/digest')).json()).toMatchObject({ count: '3', sum: '300' });
  });
});

describe('a database that fails', () => {
  it('B2 P29: after COMMIT was sent leaves 503 outcome-unknown, and the same key then finds what happened', async () => {
    const server = new URL(database.urls.payments);
    const link = await startCommitEater({ host: server.hostname, port: Number(server.port) });
    const through = new URL(database.urls.payments);
    through.port = String(link.port);
    const other = await startPayments(database, { databaseUrl: through.href });
    expect(await eventually(() => post(payment, randomUUID(), '/payments', other), 201)).toBe(201);
    link.eatAnswerTo('lost');
    const unknown = await post(payment, 'lost', '/payments', other);
    expect([unknown.statusCode, unknown.json<{ type: string }>().type]).toEqual([
      503,
      '/problems/outcome-unknown',
    ]);
    const again = await post(payment, 'lost', '/payments', other);
    expect(again.statusCode).toBe(208);
    expect(await database.rows(`SELECT FROM payment_event WHERE idempotency_key = 'lost'`)).toHaveLength(1);
    await other.close();
    link.stop();
  });

  it('B1 P29: answers 503 with Retry-After while it is away, and works again when it is back', async () => {
    const [row] = await database.rows('SELECT current_database() AS name');
    const server = new PaymentsOutage(String(row!.name));
    await server.begin();
    const away = await post(payment, 'away');
    expect([away.statusCode, away.headers['retry-after']]).toEqual([503, '1']);
    expect((await app.inject('/health/live')).statusCode).toBe(200);
    expect((await app.inject('/health/ready')).statusCode).toBe(503);
    await server.end();
    expect(await eventually(() => post(payment, 'away'), 201)).toBe(201);
  });
});

describe('the schema', () => {
  it('is what the entities say', async () => {
    const source = new DataSource({
      type: 'postgres',
      url: database.urls.admin,
      entities: paymentsEntities,
      migrations: paymentsMigrations,
    });
    await source.initialize();
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    await source.destroy();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it.each([
    'UPDATE payment_event SET amount_minor = 1',
    'DELETE FROM payment_event',
    'TRUNCATE payment_event',
    'UPDATE outbox_message SET payload = $$x$$',
    'SELECT lab_reset()',
    'CREATE TABLE mine ()',
  ])('does not let the payments role: %s', async (sql) => {
    await database.rows(`SET ROLE "payments_${database.name}"`);
    await expect(database.rows(sql)).rejects.toMatchObject({ code: expect.stringMatching(/42501|42883/) });
    await database.rows('RESET ROLE');
  });
});

describe('reset', () => {
  it('does not exist outside lab mode', async () => {
    await post(payment);
    expect((await app.inject({ method: 'DELETE', url: '/payments' })).statusCode).toBe(405);
    expect((await app.inject({ method: 'POST', url: '/lab/crash', payload: {} })).statusCode).toBe(404);
    expect(await database.count('payment_event')).toBe(1);
  });

  it('deletes nothing when the ledger cannot be reached', async () => {
    const labDatabase = await PaymentsDatabase.create({ lab: true });
    const lab = await startPayments(labDatabase, { lab: true });
    expect(await eventually(() => post(payment, randomUUID(), '/payments', lab), 201)).toBe(201);
    for (const url of ['/payments', '/payments/'])
      expect((await lab.inject({ method: 'DELETE', url })).statusCode).toBe(503);
    expect([await labDatabase.count('payment_event'), await labDatabase.count('outbox_message')]).toEqual([
      1, 1,
    ]);
    await lab.close();
    await labDatabase.drop();
  });
});

/** Nobody but the owner may connect, and those who are connected are thrown out. */
class PaymentsOutage {
  constructor(private readonly name: string) {}

  async begin(): Promise<void> {
    await database.rows(`ALTER ROLE "payments_${this.name}" NOLOGIN`);
    await database.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
      `payments_${this.name}`,
    ]);
  }

  async end(): Promise<void> {
    await database.rows(`ALTER ROLE "payments_${this.name}" LOGIN`);
  }
}

async function eventually(request: () => Promise<{ statusCode: number }>, wanted: number): Promise<number> {
  const until = Date.now() + 10_000;
  for (;;) {
    const { statusCode } = await request();
    if (statusCode === wanted || Date.now() > until) return statusCode;
  }
}
