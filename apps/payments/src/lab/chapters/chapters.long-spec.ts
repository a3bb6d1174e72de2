import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startFakeLedger } from '../../../test/fake-ledger.js';
import { PaymentsDatabase, startPayments } from '../../../test/payments-app.js';
import { setUpPayments } from '../../set-up-payments.js';
import { CurrentChapter } from './current-chapter.js';

jest.setTimeout(30_000);

type FakeLedger = Awaited<ReturnType<typeof startFakeLedger>>;
let ledger: FakeLedger;
let database: PaymentsDatabase;
let app: NestFastifyApplication;

beforeAll(async () => {
  ledger = await startFakeLedger();
  database = await PaymentsDatabase.create({ lab: true });
  app = await startPayments(database, {
    lab: true,
    ledgerUrl: ledger.url,
    amqpUrl: 'amqp://nobody:x@127.0.0.1:9/v',
  });
});
afterAll(async () => {
  await app.close();
  await database.drop();
  await ledger.stop();
});
afterEach(async () => {
  await Promise.all(further.splice(0).map((one) => one.close()));
  jest.restoreAllMocks();
  ledger.answers['/lab/chapter'] = 200;
  await database.rows('TRUNCATE payment_event, outbox_message');
  if ((await chapterOf()).chapter !== 4) await put(4);
  expect(await chapterOf()).toMatchObject({ chapter: 4 });
  ledger.calls.splice(0);
});

const payment = { src: 'bianca', dest: 'marc', amount: '1' };

/** Processes beside the first; closed after the test, however it ends. */
const further: NestFastifyApplication[] = [];
const startFurther: typeof startPayments = async (...args) => {
  const one = await startPayments(...args);
  further.push(one);
  return one;
};

const put = (chapter: unknown, to = app) =>
  to.inject({ method: 'PUT', url: '/lab/chapter', payload: { chapter } });
const chapterOf = async (of = app) =>
  (await of.inject('/lab/chapter')).json<{ chapter: number; since: string }>();

function post({ headers = {}, url = '/payments', to = app }: PostOptions = {}) {
  const json = { 'content-type': 'application/json' };
  const payload = url.endsWith('reversal') ? '{}' : JSON.stringify(payment);
  return to.inject({ method: 'POST', url, headers: { ...json, ...headers }, payload });
}
interface PostOptions {
  headers?: Record<string, string>;
  url?: string;
  to?: NestFastifyApplication;
}

describe('without an idempotency key', () => {
  it.each([1, 2, 3])('a payment and its reversal are accepted in chapter %s', async (chapter) => {
    await put(chapter);
    for (const url of ['/payments', '/payments/']) expect((await post({ url })).statusCode).toBe(201);
    const { id } = (await post()).json<{ id: string }>();
    const reversed = await post({ url: `/payments/${id}/reversal` });
    expect([reversed.statusCode, reversed.headers.location]).toEqual([201, `/payments/${id}`]);
    expect(reversed.json()).toMatchObject({ id, status: 'reversed' });
    const again = await post({ url: `/payments/${id}/reversal` });
    expect(again.json()).toMatchObject({ status: 422, type: '/problems/already-reversed' });
    const unknown = await post({ url: '/payments/01890000-0000-7000-8000-000000000000/reversal' });
    expect([unknown.statusCode, (await post({ url: '/payments/x/reversal' })).statusCode]).toEqual([
      404, 404,
    ]);
    const [keys] = await database.rows(
      'SELECT count(DISTINCT idempotency_key)::int AS distinct, count(*)::int AS all FROM payment_event',
    );
    expect(keys).toEqual({ distinct: 4, all: 4 });
  });

  it('a payment is refused in chapter 4, which says the header’s name and the way to the other chapters', async () => {
    const answer = await post();
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: '/problems/idempotency-key-missing',
      detail: expect.stringMatching(/Idempotency-Key.*Payment-Idempotence-Key.*npx paid-once chapter 2/),
    });
    expect(await database.count('payment_event')).toBe(0);
  });

  it.each([1, 2, 3, 4])('bad input is the same problem as ever in chapter %s', async (chapter) => {
    await put(chapter);
    const answer = await app.inject({
      method: 'POST',
      url: '/payments',
      headers: { 'idempotency-key': 'k' },
      payload: { ...payment, dest: 'bianca' },
    });
    expect(answer.json()).toMatchObject({ status: 422, type: '/problems/same-account' });
    expect(await database.count('payment_event')).toBe(0);
  });
});

describe('the same key, sent twice', () => {
  it.each([
    [1, [201, 201]],
    [2, [201, 201]],
    [3, [201, 201]],
    [4, [201, 208]],
  ])('is answered in chapter %s with %j', async (chapter, statuses) => {
    await put(chapter);
    const first = await post({ headers: { 'idempotency-key': 'k1' } });
    const second = await post({ headers: { 'payment-idempotence-key': 'k1' } });
    expect([first.statusCode, second.statusCode]).toEqual(statuses);
    expect(await database.count('payment_event')).toBe(statuses.filter((status) => status === 201).length);
    const stored = await database.rows(`SELECT FROM payment_event WHERE idempotency_key = 'k1'`);
    expect(stored).toHaveLength(chapter === 4 ? 1 : 0);
  });

  it('is in the log in chapter 3, and nowhere in 1 and 2', async () => {
    const log = jest.spyOn(Logger.prototype, 'log');
    for (const chapter of [1, 2, 3]) {
      await put(chapter);
      for (let time = 0; time < 2; time++)
        await post({ headers: { 'idempotency-key': `key-in-${chapter}` } });
    }
    const lines = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('key-in-'));
    expect(lines).toEqual(Array(2).fill(expect.stringContaining('key-in-3')));
  });
});

describe('the outbox', () => {
  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 1],
  ])('gets in chapter %s for a payment %s rows', async (chapter, rows) => {
    await put(chapter);
    await post({ headers: { 'idempotency-key': 'k' } });
    expect([await database.count('payment_event'), await database.count('outbox_message')]).toEqual([
      1,
      rows,
    ]);
  });
});

describe('the switch', () => {
  it('tells the ledger, keeps the time, and answers with both', async () => {
    const before = Date.now() - 60_000;
    const answer = await put(2);
    expect(ledger.calls).toEqual(['PUT /lab/chapter {"chapter":2}']);
    const { chapter, since } = answer.json<{ chapter: number; since: string }>();
    expect(chapter).toBe(2);
    expect(Date.parse(since)).toBeGreaterThan(before);
    expect(await chapterOf()).toEqual({ chapter, since });
    expect((await put(2)).json()).toEqual({ chapter, since });
  });

  it('is of both sides or neither: a ledger that is away or refuses changes nothing', async () => {
    const before = await chapterOf();
    ledger.answers['/lab/chapter'] = 503;
    const refused = await put(2);
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '1']);
    const alone = await startFurther(database, { lab: true }); // its ledger's URL leads nowhere
    const away = await put(2, alone);
    expect(away.json()).toMatchObject({
      status: 503,
      detail: expect.stringContaining('Nothing was switched'),
    });
    expect(await chapterOf()).toEqual(before);
    expect((await post()).statusCode).toBe(400);
  });

  it.each([0, 5, 1.5, '2', null, undefined, [2]])('to %j is 422, and nothing changes', async (chapter) => {
    const answer = await put(chapter);
    expect(answer.json()).toMatchObject({ status: 422, type: '/problems/invalid-chapter' });
    expect(ledger.calls).toEqual([]);
  });

  it('to chapter 1 is 409 where payments has no way to the broker, and 2 to 4 work all the same', async () => {
    const withoutBroker = await startFurther(database, { lab: true, ledgerUrl: ledger.url });
    const answer = await put(1, withoutBroker);
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      409,
      expect.stringContaining('PAID_ONCE_PAYMENTS_AMQP_URL'),
    ]);
    expect(ledger.calls).toEqual([]);
    expect((await put(3, withoutBroker)).statusCode).toBe(200);
  });

  it('holds for every process by the time it is answered, and for those that start later', async () => {
    const second = await startFurther(database, { lab: true, ledgerUrl: ledger.url });
    expect((await post({ to: second })).statusCode).toBeGreaterThanOrEqual(400);
    await put(2);
    expect((await post({ to: second })).statusCode).toBe(201);
    await further.pop()?.close();
    const restarted = await startFurther(database, { lab: true, ledgerUrl: ledger.url });
    await eventually(async () => (await post({ to: restarted })).statusCode === 201);
    await put(4);
    expect((await post({ to: restarted })).statusCode).toBe(400);
  });

  it.each([1, 2, 3])('to chapter %s survives a reset, and a setup that runs again', async (chapter) => {
    await put(chapter);
    expect((await app.inject({ method: 'DELETE', url: '/payments' })).statusCode).toBe(204);
    await setUpPayments(database.urls, true);
    expect(await chapterOf()).toMatchObject({ chapter });
    expect((await post()).statusCode).toBe(201);
  });

  it('that two ask for at once reaches the ledger in the order in which it is kept', async () => {
    await put(2);
    ledger.slow['{"chapter":2}'] = 300;
    const again = put(2);
    await new Promise((resolve) => setImmediate(resolve));
    const answers = await Promise.all([again, put(3)]);
    delete ledger.slow['{"chapter":2}'];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
    const last = JSON.parse(ledger.calls.at(-1)?.split(' ')[2] ?? '{}') as object;
    expect(await chapterOf()).toMatchObject(last);
  });
});

describe('before the database has answered', () => {
  it('nothing is accepted by weaker rules', async () => {
    await put(2);
    await database.rows(`ALTER ROLE "payments_${database.name}" NOLOGIN`);
    const early = await startFurther(database, { lab: true, ledgerUrl: ledger.url, unready: true });
    const { chapter, known } = early.get(CurrentChapter);
    expect({ chapter, known }).toEqual({ chapter: 4, known: false });
    expect((await post({ to: early })).statusCode).toBe(503);
    expect((await post({ to: early, headers: { 'idempotency-key': 'k' } })).statusCode).toBe(503);
    await database.rows(`ALTER ROLE "payments_${database.name}" LOGIN`);
    await eventually(async () => (await post({ to: early })).statusCode === 201);
  });
});

describe('outside lab mode', () => {
  it('there are no chapters, no table for them, and a right to neither', async () => {
    const plain = await PaymentsDatabase.create();
    const service = await startFurther(plain);
    for (const method of ['GET', 'PUT'] as const)
      expect((await service.inject({ method, url: '/lab/chapter' })).statusCode).toBe(404);
    expect(await plain.rows(`SELECT to_regclass('lab_chapter')`)).toEqual([{ to_regclass: null }]);
    await plain.rows(`SET ROLE "payments_${plain.name}"`);
    await expect(plain.rows('CREATE TABLE lab_chapter ()')).rejects.toMatchObject({ code: '42501' });
    await plain.rows('RESET ROLE');
    const answer = await post({ to: service });
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      400,
      expect.not.stringContaining('chapter'),
    ]);
    await further.pop()?.close();
    await plain.drop();
  });

  it('setup removes what a setup in lab mode made', async () => {
    const plain = await PaymentsDatabase.create({ lab: true });
    await setUpPayments(plain.urls, false);
    expect(await plain.rows(`SELECT to_regclass('lab_chapter')`)).toEqual([{ to_regclass: null }]);
    const service = await startFurther(plain, { lab: true, ledgerUrl: ledger.url });
    expect([(await put(2, service)).statusCode, (await service.inject('/lab/chapter')).statusCode]).toEqual([
      503, 503,
    ]);
    await eventually(async () => (await post({ to: service })).statusCode === 400);
    await further.pop()?.close();
    await plain.drop();
  });

  it('and inside, the payments role may change nothing but the chapter', async () => {
    await database.rows(`SET ROLE "payments_${database.name}"`);
    for (const sql of [
      'DELETE FROM lab_chapter',
      'INSERT INTO lab_chapter (only_row) VALUES (false)',
      'UPDATE lab_chapter SET only_row = true',
      'TRUNCATE lab_chapter',
    ])
      await expect(database.rows(sql)).rejects.toMatchObject({ code: '42501' });
    await database.rows('RESET ROLE');
  });
});

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + 10_000;
  while (!(await condition()))
    if (performance.now() > until) throw new Error(`never came true: ${condition.toString()}`);
}
