import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { connectLinks, startStandIn, type LinkControl, type StandIn } from '@paid-once/links';
import { freePorts } from '@paid-once/infrastructure';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Client } from 'pg';
import { fingerprintOf } from '../src/payment-command.js';
import { startCommitEater } from './lose-commit-answer.js';
import { PaymentsDatabase, startPayments } from './payments-app.js';

jest.setTimeout(30_000);

const payment = { src: 'bianca', dest: 'marc', amount: '1' };

let database: PaymentsDatabase;
let standIn: StandIn;
let links: LinkControl;
let linked: string;
let app: NestFastifyApplication | undefined;

beforeAll(async () => {
  database = await PaymentsDatabase.create();
  standIn = await startStandIn({ port: 0 });
  links = connectLinks(standIn.url);
  const [port = 0] = await freePorts(1);
  const url = new URL(database.urls.payments);
  const [listen, upstream] = [`127.0.0.1:${port}`, `${url.hostname}:${url.port}`];
  await links.populate([{ name: 'payments-postgres', listen, upstream, enabled: true }]);
  linked = Object.assign(url, { hostname: '127.0.0.1', port: String(port) }).href;
});
afterEach(async () => {
  await links.healAll();
  await app?.close();
  app = undefined;
  await database.rows('TRUNCATE payment_event, outbox_message');
});
afterAll(async () => {
  await standIn.stop();
  await database.drop();
});

async function start(settings: Parameters<typeof startPayments>[1] = {}) {
  app = await startPayments(database, { databaseUrl: linked, databaseTimeoutMs: 900, ...settings });
  return app;
}

async function post(key: string = randomUUID(), to = app!) {
  const started = performance.now();
  const answer = await to.inject({
    method: 'POST',
    url: '/payments',
    headers: { 'idempotency-key': key, 'content-type': 'application/json' },
    payload: JSON.stringify(payment),
  });
  const { type } = answer.json<{ type?: string }>();
  return {
    status: answer.statusCode,
    type: type?.replace('/problems/', ''),
    retryAfter: answer.headers['retry-after'],
    ms: performance.now() - started,
  };
}

const refused = (type: string) => ({ status: 503, type, retryAfter: expect.stringMatching(/^\d$/) });
const role = () => new URL(database.urls.payments).username;
const paid = () => database.count('payment_event');

describe('an answer to COMMIT that never comes', () => {
  it('B2: is 503 outcome-unknown after the client’s own time-out; its connection is destroyed, and the same key finds the payment', async () => {
    const { hostname: host, port } = new URL(database.urls.payments);
    const eater = await startCommitEater({ host, port: Number(port) });
    const through = Object.assign(new URL(database.urls.payments), { port: String(eater.port) }).href;
    await start({ databaseUrl: through, poolSize: 2, databaseTimeoutMs: 2_000 });
    expect((await post()).status).toBe(201);
    eater.eatAnswerTo('lost', 'silent');
    const unknown = await post('lost');
    expect(unknown).toMatchObject(refused('outcome-unknown'));
    expect(unknown.ms).toBeLessThan(6_000);
    for (let again = 0; again < 10; again++) {
      const answer = await post('lost'); // on the silent connection each of these would wait
      expect(answer.status).toBe(208);
      expect(answer.ms).toBeLessThan(1_800);
    }
    expect(await paid()).toBe(2);
    eater.stop();
  });
});

describe('a database that does not answer', () => {
  it('B5: is given up within 2 seconds by whoever wants a new connection, as a service is set by default', async () => {
    await start({ databaseTimeoutMs: 6_000 });
    await links.break('payments-postgres'); // every connection is gone
    await links.heal('payments-postgres');
    await links.breakWith('payments-postgres', { kind: 'half-open' });
    const answer = await post();
    expect(answer).toMatchObject(refused('temporarily-unavailable'));
    expect(answer.ms).toBeLessThan(4_500); // a statement may take 6 s
  });

  it('B15: answers slowly through a link that is late, uneven, narrow and torn, and never wrongly', async () => {
    await start({ databaseTimeoutMs: 6_000 });
    for (const stream of ['upstream', 'downstream'] as const) {
      await links.addToxic('payments-postgres', {
        type: 'latency',
        stream,
        attributes: { latency: 250, jitter: 150 },
      });
      await links.addToxic('payments-postgres', { type: 'bandwidth', stream, attributes: { rate: 4 } });
      await links.addToxic('payments-postgres', {
        type: 'slicer',
        stream,
        attributes: { average_size: 64, size_variation: 32, delay: 10 },
      });
    }
    const keys = Array.from({ length: 8 }, (_, index) => `slow-${index}`);
    const pay = async (key: string) => {
      for (;;) {
        const { status } = await post(key);
        if (status !== 503 && status !== 409) return status;
      }
    };
    const statuses = await Promise.all([...keys, ...keys].map(pay));
    expect(statuses.filter((status) => status === 201)).toHaveLength(8);
    expect(statuses.filter((status) => status === 208)).toHaveLength(8);
    expect([await paid(), await database.count('outbox_message')]).toEqual([8, 8]);
  });
});

describe('a pool whose connections all wait for a lock', () => {
  it('B6: answers everybody 503 within bounds, and takes payments again when the lock is gone', async () => {
    await start({ poolSize: 2 });
    await database.rows('BEGIN');
    await database.rows('LOCK TABLE payment_event IN EXCLUSIVE MODE');
    const answers = await Promise.all(Array.from({ length: 300 }, () => post()));
    await database.rows('ROLLBACK');
    for (const answer of answers) {
      expect(answer).toMatchObject(refused('temporarily-unavailable'));
      expect(answer.ms).toBeLessThan(5_000);
    }
    expect((await post()).status).toBe(201);
  });
});

describe('a Postgres without a connection left', () => {
  it('B7: is asked a few times a second, however many payments want one', async () => {
    const { hostname: host, port } = new URL(database.urls.payments);
    const counting = await startCommitEater({ host, port: Number(port) });
    const through = Object.assign(new URL(database.urls.payments), { port: String(counting.port) }).href;
    await start({ databaseUrl: through });
    await database.rows(`ALTER ROLE "${role()}" CONNECTION LIMIT 0`);
    await database.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
      role(),
    ]);
    // Who is given a session in the moment of its end is told that the outcome is unknown.
    while ((await post()).type === 'outcome-unknown');
    const before = counting.connections();
    const startedAt = performance.now();
    const seconds = () => (performance.now() - startedAt) / 1_000;
    for (let refusals = 0; refusals < 2_000 || seconds() < 2; refusals += 20)
      for (const answer of await Promise.all(Array.from({ length: 20 }, () => post())))
        expect(answer).toMatchObject(refused('temporarily-unavailable'));
    // Without its gate each of the hundred batches and more would have asked, on a slow machine in a longer time.
    expect(counting.connections() - before).toBeLessThan(8 + 4 * seconds());
    await database.rows(`ALTER ROLE "${role()}" CONNECTION LIMIT -1`);
    let status = 503;
    while (status === 503) ({ status } = await post());
    expect(status).toBe(201);
    counting.stop();
  });
});

describe('a transaction that Postgres refuses', () => {
  /** The first so many attempts fail, whoever makes them: a sequence counts on after a rollback. */
  async function failing(state: string, times: number) {
    await database.rows('CREATE SEQUENCE attempt');
    await database.rows(`
      CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        IF nextval('attempt') <= ${times} THEN RAISE EXCEPTION 'injected' USING ERRCODE = '${state}'; END IF;
        RETURN NULL;
      END $$`);
    await database.rows(
      'CREATE TRIGGER fail BEFORE INSERT ON payment_event FOR EACH STATEMENT EXECUTE FUNCTION fail()',
    );
    return async () => {
      const [row] = await database.rows('SELECT last_value::int AS attempts FROM attempt');
      await database.rows('DROP FUNCTION fail CASCADE');
      await database.rows('DROP SEQUENCE attempt');
      return row?.attempts;
    };
  }

  it.each([
    ['B8: for a serialization failure is tried again alone, as a whole, three times at most', '40001'],
    ['B8: for a deadlock is tried again alone, as a whole, three times at most', '40P01'],
  ])('%s', async (_title, state) => {
    await start();
    const whole = await failing(state, 3);
    expect(await post()).toMatchObject({ status: 201 });
    expect(await whole()).toBe(1 + 3);
    const never = await failing(state, 1_000);
    expect(await post()).toMatchObject(refused('temporarily-unavailable'));
    expect(await never()).toBe(1 + 3);
    expect([await paid(), await database.count('outbox_message')]).toEqual([1, 1]);
  });

  it('B8: in a real deadlock gives way, with others and alone, and is paid once when the other one is done', async () => {
    // Who looks for a deadlock first is the one who gives way: payments, sooner than it gives the lock up, never the rival.
    await database.rows(`ALTER ROLE "${role()}" SET deadlock_timeout = '70ms'`);
    await start({ databaseTimeoutMs: 6_000 });
    const rival = new Client({ connectionString: database.urls.admin });
    await rival.connect();
    await rival.query(`SET deadlock_timeout = '1h'; BEGIN`);
    await rival.query(
      `INSERT INTO payment_event (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
       VALUES (outbox_uuidv7(), 'payment.accepted', 'anonymous', 'wanted', '', 'a', 'b', 1, 'EUR')`,
    );
    const before = await deadlocks();
    const answer = post('wanted');
    for (let round = 0; round < 2; round++) {
      await rival.query('SAVEPOINT before');
      while (!(await waitsForAnother()));
      await rival.query('LOCK TABLE outbox_message IN EXCLUSIVE MODE; ROLLBACK TO before');
    }
    await rival.query('ROLLBACK');
    expect((await answer).status).toBe(201);
    await app?.close(); // what a session has counted is seen when it ends
    app = undefined;
    while ((await deadlocks()) < before + 2);
    expect([await paid(), await database.count('outbox_message')]).toEqual([1, 1]);
    await rival.end();
    await database.rows(`ALTER ROLE "${role()}" RESET deadlock_timeout`);
  });

  const waitsForAnother = async () =>
    (
      await database.rows(`SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'`, [
        role(),
      ])
    ).length > 0;

  const deadlocks = async () => {
    const [row] = await database.rows(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(row?.deadlocks);
  };

  it('B8: for a lock on the whole table is tried three times, then it is 503', async () => {
    await start();
    const tried = await failing('55P03', 1_000);
    expect(await post()).toMatchObject(refused('temporarily-unavailable'));
    expect(await tried()).toBe(3);
    expect(await paid()).toBe(0);
  });

  it('B10: for a full disk is 503 storage, tried once and not for each payment of the batch', async () => {
    await start();
    const tried = await failing('53100', 1_000);
    const answers = await Promise.all(Array.from({ length: 50 }, () => post()));
    for (const answer of answers) expect(answer).toMatchObject(refused('storage'));
    expect(await tried()).toBeLessThan(5);
  });

  it('B9: because another one holds its key waits for that one, and reads what it has committed', async () => {
    await start({ databaseTimeoutMs: 6_000 }); // a lock is waited for for a sixth of it
    const command = {
      kind: 'pay',
      client: 'anonymous',
      idempotencyKey: 'held',
      src: 'bianca',
      dest: 'marc',
      amountMinor: 100n,
      currency: 'EUR',
      reference: null,
    } as const;
    await database.rows('BEGIN');
    const [first] = await database.rows(
      `INSERT INTO payment_event (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
       VALUES (outbox_uuidv7(), 'payment.accepted', 'anonymous', 'held', $1, 'bianca', 'marc', 100, 'EUR')
       RETURNING payment_id`,
      [Buffer.from(fingerprintOf(command), 'hex')],
    );
    const second = app!.inject({
      method: 'POST',
      url: '/payments',
      headers: { 'idempotency-key': 'held', 'content-type': 'application/json' },
      payload: JSON.stringify(payment),
    });
    void second.then(() => {}); // inject() sends when somebody waits
    while ((await waiting()) === 0);
    await database.rows('COMMIT');
    const answer = await second;
    expect([answer.statusCode, answer.json<{ id: string }>().id]).toEqual([208, first?.payment_id]);
    expect(await paid()).toBe(1);
  });

  const waiting = async () =>
    (
      await database.rows(
        `SELECT FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock' AND wait_event = 'transactionid'`,
        [role()],
      )
    ).length;
});
