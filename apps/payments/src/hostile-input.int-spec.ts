import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import { PaymentsDatabase, startPayments } from '../test/payments-app.js';
import { badBodies, badPayments } from '../test/hostile-payments.js';

jest.setTimeout(60_000);

let database: PaymentsDatabase;
let app: NestFastifyApplication;
let port: number;

beforeAll(async () => {
  database = await PaymentsDatabase.create();
  app = await startPayments(database);
  await app.listen(0, '127.0.0.1');
  ({ port } = (app.getHttpServer() as { address(): AddressInfo }).address());
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
afterEach(async () => {
  await database.rows('TRUNCATE payment_event, outbox_message');
});

const payment = { src: 'bianca', dest: 'marc', amount: '1' };
const plainJson = { 'content-type': 'application/json' };

function post(body: string | Buffer, headers: Record<string, string> = {}) {
  return app.inject({
    method: 'POST',
    url: '/payments',
    headers: { 'idempotency-key': randomUUID(), ...plainJson, ...headers },
    payload: body,
  });
}

const pay = (fields: object) => post(JSON.stringify({ ...payment, ...fields }));
const rows = async () => [await database.count('payment_event'), await database.count('outbox_message')];

function expectProblem(answer: Awaited<ReturnType<typeof post>>, status: number, type: string): void {
  const problem = answer.json<{ type: string; status: number; title: string; detail: string }>();
  expect([answer.statusCode, problem.type]).toEqual([status, `/problems/${type}`]);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(problem).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
}

describe('a payment that cannot be accepted is a problem document, leaves no row and does not burn its key:', () => {
  it.each(badBodies)('%s', async (_title, body, status, type) => {
    const key = { 'idempotency-key': 'once' };
    expectProblem(await post(body, key), status, type);
    expect(await rows()).toEqual([0, 0]);
    expect((await post(JSON.stringify(payment), key)).statusCode).toBe(201);
  });

  it.each(badPayments)('%s', async (_title, fields, type) => {
    const body = typeof fields === 'string' ? fields : JSON.stringify({ ...payment, ...fields });
    const key = { 'idempotency-key': 'once' };
    const answer = await post(body, key);
    expectProblem(answer, 422, type);
    expect(Math.max(...(answer.body.match(/[^"]+/g) ?? []).map(({ length }) => length))).toBeLessThan(400); // no echo
    expect(await rows()).toEqual([0, 0]);
    expect((await post(JSON.stringify(payment), key)).statusCode).toBe(201);
  });

  it('P4: names that mean something to JavaScript change no object', async () => {
    await post('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect('polluted' in {}).toBe(false);
  });

  it('P6: 50 MB of zeros that gzip makes 48 KB', async () => {
    expectProblem(
      await post(gzipSync(Buffer.alloc(50_000_000)), { 'content-encoding': 'gzip' }),
      413,
      'body-too-large',
    );
  });

  it.each([
    ['P7: text/plain', { 'content-type': 'text/plain' }],
    ['P7: a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['P7: no content type', { 'content-type': '' }],
    ['P7: JSON in latin1', { 'content-type': 'application/json; charset=latin1' }],
    ['P7: JSON in quoted UTF-16', { 'content-type': 'application/json; charset="utf-16le"' }],
    ['P7: compressed by zstd', { 'content-encoding': 'zstd' }],
    ['P6 P7: compressed by gzip, however small', { 'content-encoding': 'gzip' }],
  ])('%s', async (_title, headers) => {
    const body = JSON.stringify(payment);
    const isGzip = 'content-encoding' in headers && headers['content-encoding'] === 'gzip';
    expectProblem(await post(isGzip ? gzipSync(body) : body, headers), 415, 'unsupported-media-type');
    expect(await rows()).toEqual([0, 0]);
  });

  it.each([
    ['P19: no key at all', {}, 'idempotency-key-missing'],
    ['P20: an empty key', { 'idempotency-key': '' }, 'idempotency-key-invalid'],
    ['P20: a key with a blank', { 'idempotency-key': 'a b' }, 'idempotency-key-invalid'],
    ['P20: two keys in one header', { 'idempotency-key': 'a, b' }, 'idempotency-key-invalid'],
    ['P20: a key with an open quote', { 'idempotency-key': '"a' }, 'idempotency-key-invalid'],
    ['P20: a key of 256 characters', { 'idempotency-key': 'x'.repeat(256) }, 'idempotency-key-invalid'],
    ['P20: a key that is not ASCII', { 'idempotency-key': 'schl\u00fcssel' }, 'idempotency-key-invalid'],
    ['P20: a key with a tab', { 'idempotency-key': 'a\tb' }, 'idempotency-key-invalid'],
    [
      'P20: two names for it that differ',
      { 'idempotency-key': 'a', 'payment-idempotence-key': 'b' },
      'idempotency-key-invalid',
    ],
  ] as const)('%s', async (_title, headers, type) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/payments',
      headers: { ...plainJson, ...headers } as Record<string, string>,
      payload: JSON.stringify(payment),
    });
    expectProblem(answer, 400, type);
    expect(await rows()).toEqual([0, 0]);
  });
});

describe('what looks dangerous and is legal', () => {
  it.each([
    ['P17: emoji and other characters of four bytes', '💶 𝄞 👩‍👩‍👧 Zoë'],
    ['P17: 140 characters', 'x'.repeat(140)],
    ['P17: markup', '<script>alert(1)</script><img src=x onerror=y>'],
    ['P17: a lookup that a logger would follow', '${jndi:ldap://127.0.0.1/a}'],
    ['P17: formats and templates', '%s %n {{7*7}} ${7*7} $1'],
    ['P18: SQL', "'; DROP TABLE payment_event; --"],
    ['P18: SQL that is always true', "1' OR '1'='1' \\"],
    ['P17: from right to left, and of no width', '\u202eabc\u202c a\u200bb'],
  ])('%s in a reference is stored, told and returned unchanged', async (_title, reference) => {
    const answer = await pay({ reference });
    expect(answer.statusCode).toBe(201);
    const { id } = answer.json<{ id: string }>();
    expect((await app.inject(`/payments/${id}`)).json()).toMatchObject({ reference });
    const [row] = await database.rows('SELECT payload FROM outbox_message');
    expect(JSON.parse(String(row?.payload))).toMatchObject({ reference });
  });

  it('P18: SQL as a key is that key', async () => {
    const key = { 'idempotency-key': "';DELETE--FROM--payment_event;--" };
    const answers = [await post(JSON.stringify(payment), key), await post(JSON.stringify(payment), key)];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 208]);
  });

  it('P16: names that differ in case only are two accounts', async () => {
    expect((await pay({ src: 'bianca', dest: 'Bianca' })).statusCode).toBe(201);
  });

  it('P22: is the same request with its keys in another order, in other white space, and with the default spelt out', async () => {
    const key = { 'idempotency-key': 'same' };
    const first = await post('{"src":"bianca","dest":"marc","amount":"1.00"}', key);
    const others = await Promise.all(
      [
        '{ "amount" : 1, "dest":"marc",\n"src":"bianca" }',
        '{"src":"bianca","dest":"marc","amount":"1","currency":"EUR","reference":null}',
        '{"\\u0073rc":"bianca","dest":"marc","amount":1.0}',
      ].map((body) => post(body, key)),
    );
    expect(others.map(({ statusCode, body }) => [statusCode, body])).toEqual(
      others.map(() => [208, first.body]),
    );
  });
});

describe('money', () => {
  it('P14: adds up exactly, whatever amounts are sent', async () => {
    const minor = fc.oneof(fc.bigInt(1n, 1_000n), fc.bigInt(1n, 1_000_000_000_000_000n));
    await fc.assert(
      fc.asyncProperty(fc.array(minor, { minLength: 1, maxLength: 40 }), async (amounts) => {
        await database.rows('TRUNCATE payment_event, outbox_message');
        const answers = await Promise.all(amounts.map((amount) => pay({ amount: inEuros(amount) })));
        expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([201]));
        const sum = inEuros(amounts.reduce((a, b) => a + b, 0n));
        expect((await app.inject('/stats')).json()).toMatchObject({ totals: { EUR: sum } });
      }),
      { numRuns: 25 },
    );
  });

  it('P14: adds up exactly where floats do not: 0.1, 0.2 and 4.35, a thousand times each, as JSON numbers', async () => {
    const atOnce = 100; // more are refused as too many while the machine is busy
    for (const amount of ['0.1', '0.2', '4.35'])
      for (let sent = 0; sent < 1_000; sent += atOnce) {
        const posts = Array.from({ length: atOnce }, () => post(`{"src":"a","dest":"b","amount":${amount}}`));
        const statuses = (await Promise.all(posts)).map(({ statusCode }) => statusCode);
        expect(new Set(statuses)).toEqual(new Set([201]));
      }
    expect((await app.inject('/stats')).json()).toMatchObject({ count: 3_000, totals: { EUR: '4650.00' } });
  });

  const inEuros = (minor: bigint) => `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;
});

describe('a request that node:http cannot read', () => {
  const begin = 'POST /payments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  const body = JSON.stringify(payment);
  const end = `Idempotency-Key: k\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  it.each([
    ['P24: more than 16 KB of headers', `${begin}X-Long: ${'x'.repeat(17_000)}\r\n${end}`, 431],
    ['P24: a NUL in a header', `${begin}X-Nul: a\0b\r\n${end}`, 400],
    ['P24: a line that ends with LF only', `${begin}X-A: b\nX-C: d\r\n${end}`, 400],
    ['P24: a folded header', `${begin}X-A: b\r\n  c\r\n${end}`, 400],
    ['P24: two lengths', `${begin}Content-Length: 3\r\n${end}`, 400],
    ['P24: a length and chunks', `${begin}Transfer-Encoding: chunked\r\n${end}`, 400],
    ['P24: no host', `${begin.replace('Host: x\r\n', '')}${end}`, 400],
    ['P24: no HTTP', '\x16\x03\x01\x02\x00', 400],
  ])('%s is refused, and the connection is closed', async (_title, request, status) => {
    const answer = await closedAfter(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).not.toMatch(/\r\n\r\n.*HTTP\/1\.1/s); // one answer: the rest was not taken for another request
    expect(await rows()).toEqual([0, 0]);
  });

  it('P24: is answered by a problem document', async () => {
    const answer = await closedAfter(`${begin}X-Long: ${'x'.repeat(17_000)}\r\n${end}`);
    const [head = '', problem = ''] = answer.split('\r\n\r\n');
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(problem)).toMatchObject({ status: 431, type: '/problems/headers-too-large' });
  });

  async function closedAfter(request: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes) => (answer += bytes.toString()));
    socket.on('error', () => {}); // what it had not read yet is answered by a reset
    socket.write(request, 'latin1');
    await once(socket, 'close');
    return answer;
  }
});

describe('a path', () => {
  it.each([
    ['P25: PUT', 'PUT', '/payments', 'GET, HEAD, POST'],
    ['P25: DELETE of a payment', 'DELETE', '/payments/01920000-0000-7000-8000-000000000001', 'GET, HEAD'],
    ['P25: GET of what is only posted to', 'GET', '/payments/x/reversal?a=b', 'POST'],
  ] as const)('%s is 405 and says what may be used there', async (_title, method, url, allow) => {
    const answer = await app.inject({ method, url });
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.headers.allow).toBe(allow);
  });

  it.each([
    ['P25: the root', '/'],
    ['P25: one that is nearly right', '/payment'],
    ['P25: one below', '/payments/a/b'],
    ['P25: two slashes', '//payments'],
    ['P25: one that climbs out', '/payments/../admin'],
    ['P25: an escaped slash', '/payments%2f'],
  ])('%s is 404, for every method', async (_title, url) => {
    for (const method of ['GET', 'POST', 'DELETE'] as const)
      expectProblem(await app.inject({ method, url }), 404, 'not-found');
  });

  it('P25: with a bad escape is 400, and with a part that is longer than any id 414', async () => {
    expectProblem(await app.inject('/payments/%zz?a=b'), 400, 'bad-request');
    expectProblem(await app.inject(`/payments/${'x'.repeat(500)}`), 414, 'url-too-long');
  });

  it.each([
    ['P26: a limit of 0', '/payments?limit=0'],
    ['P26: a limit below 0', '/payments?limit=-1'],
    ['P26: a limit in exponents', '/payments?limit=1e9'],
    ['P26: a limit that is no number', '/payments?limit=NaN'],
    ['P26: a limit above 200', '/payments?limit=201'],
    ['P26: two limits', '/payments?limit=1&limit=2'],
    ['P26: a nested limit', '/payments?limit[a]=1'],
    ['P26: a forged cursor', '/payments?after=x'],
    ['P26: an empty key', '/payments?key='],
    ['P26: a key with blanks', '/payments?key=a%20b'],
    ['P26: two keys', '/payments?key=a&key=b'],
    ['P26: a forged cursor of an export', '/export?after=x'],
  ])('%s is 400 and shows nothing', async (_title, url) => {
    expectProblem(await app.inject(url), 400, 'invalid-parameter');
  });

  it('P27: of no payment is 404, whether it could be one or not', async () => {
    const [unknown, nonsense] = [
      await app.inject('/payments/01920000-0000-7000-8000-000000000001'),
      await app.inject('/payments/nonsense'),
    ];
    for (const answer of [unknown, nonsense]) expectProblem(answer, 404, 'payment-not-found');
    expect({ ...unknown.json<object>(), instance: '' }).toEqual({ ...nonsense.json<object>(), instance: '' });
  });
});

describe('an answer', () => {
  it('S7: tells a browser to make no more of it than it is, and nobody what it is made with', async () => {
    for (const answer of [
      await post(JSON.stringify(payment)),
      await post('{'),
      await app.inject('/nowhere'),
      await app.inject({ method: 'GET', url: '/payments', headers: { origin: 'https://evil.example' } }),
    ]) {
      expect(answer.headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
      for (const name of ['access-control-allow-origin', 'x-powered-by', 'server'])
        expect(answer.headers[name]).toBeUndefined();
    }
  });
});
