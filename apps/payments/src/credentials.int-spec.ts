import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { newApiKey, scopes, type Scope } from '@paid-once/contracts';
import { issueKey, revokeKey } from '@paid-once/credentials';
import { documentOf } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { expectCommitted } from '../../../test/support/committed-contract.js';
import { PaymentsDatabase, startPayments } from '../test/payments-app.js';
import { paymentsEntities } from './payments-database.js';

jest.setTimeout(60_000);

let database: PaymentsDatabase;
let app: NestFastifyApplication;
let owner: DataSource;
const keyOf: Record<string, string> = {};

beforeAll(async () => {
  database = await PaymentsDatabase.create();
  app = await startPayments(database);
  owner = await new DataSource({
    type: 'postgres',
    url: database.urls.admin,
    entities: paymentsEntities,
  }).initialize();
  for (const [name, client, may] of [
    ['ann', 'ann', ['pay', 'read']],
    ['bob', 'bob', ['pay', 'read']],
    ['pay', 'ann', ['pay']],
    ['read', 'ann', ['read']],
    ['operate', 'ops', ['operate']],
    ['revoked', 'ann', ['pay', 'read', 'operate']],
  ] as [string, string, Scope[]][])
    keyOf[name] = (await issueKey(owner.manager, { client, scopes: may })).key;
  await revokeKey(owner.manager, keyOf['revoked']?.split('_')[1] ?? '');
});
afterAll(async () => {
  await owner.destroy();
  await app.close();
  await database.drop();
});

function send(method: string, url: string, authorization: string, body?: object, key: string = randomUUID()) {
  return app.inject({
    method: method as 'GET',
    url,
    headers: { authorization, 'idempotency-key': key, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { payload: JSON.stringify(body) }),
  });
}
const as = (name: string) => `Bearer ${keyOf[name]}`;
const payment = { src: 'bianca', dest: 'marc', amount: '1' };
const typeOf = (answer: { json: () => unknown }) => (answer.json() as { type: string }).type;

describe('every route', () => {
  const open = ['GET /health/live', 'GET /health/ready'];

  it('S1: is closed without a credential, with one that is none, a wrong or a revoked one, and one that is for something else', async () => {
    const { paths } = documentOf(app, 'payments');
    const routes = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, { security?: { bearer: Scope[] }[] }>).map(
        ([method, operation]) => ({
          method: method.toUpperCase(),
          url: path.replace(/\{\w+\}/g, '01920000-0000-7000-8000-000000000001'),
          needs: operation.security?.[0]?.bearer[0],
        }),
      ),
    );
    expect(routes.length).toBeGreaterThan(20);
    const [id = ''] = keyOf['ann']?.split('_').slice(1) ?? [];
    const wrong = [
      'none',
      '',
      'Bearer ',
      'Bearer x',
      `Basic ${keyOf['ann']}`,
      `Bearer ${newApiKey()}`,
      `Bearer po_${id}_${'0'.repeat(64)}`,
      as('revoked'),
    ];
    for (const { method, url, needs } of routes) {
      const route = `${method} ${url}`;
      if (open.includes(route)) {
        expect([route, needs]).toEqual([route, undefined]);
        expect((await send(method, url, 'none')).statusCode).toBe(200);
        continue;
      }
      for (const authorization of wrong) {
        const answer = await send(method, url, authorization);
        expect([route, authorization, answer.statusCode, typeOf(answer)]).toEqual([
          route,
          authorization,
          401,
          '/problems/unauthenticated',
        ]);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      }
      for (const scope of scopes) {
        const { statusCode } = await send(method, url, as(scope));
        expect([route, scope, [401, 403].includes(statusCode)]).toEqual([route, scope, scope !== needs]);
      }
    }
    expect(await database.count('payment_event')).toBe(0);
  });

  it('is described as it is served, with an example of every answer', async () => {
    const document = documentOf(app, 'payments');
    await expectCommitted(app, 'payments');
    const { post } = document.paths['/payments'] ?? {};
    const statuses = Object.keys(post?.responses ?? {}).sort();
    const [good, refused, failed] = [
      ['201', '208'],
      ['400', '401', '403', '409', '413', '415', '422', '429'],
      ['500', '503'],
    ];
    expect(statuses).toEqual([...good, ...refused, ...failed]);
  });

  it('S1: that is no route is nowhere, for everybody', async () => {
    expect((await send('GET', '/admin', 'none')).statusCode).toBe(404);
  });

  it('S2: shows what it is made of to whoever operates it, and to nobody else', async () => {
    const shown = async (name: string) => (await send('GET', '/health/ready', name)).json<object>();
    expect(await shown('none')).toEqual({ status: 'ok' });
    expect(await shown(as('ann'))).toEqual({ status: 'ok' });
    expect(await shown(as('operate'))).toMatchObject({ details: { database: { status: 'up' } } });
  });
});

describe('a client', () => {
  it('P21: has keys of its own: the same one of two clients is two payments', async () => {
    const answers = [
      await send('POST', '/payments', as('ann'), payment, 'rent'),
      await send('POST', '/payments', as('bob'), { ...payment, amount: '2' }, 'rent'),
      await send('POST', '/payments', as('ann'), payment, 'rent'),
    ];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 208]);
  });

  it('P27: finds, lists and reverses nobody else’s payment, and learns no more than that there is none', async () => {
    const { id } = (await send('POST', '/payments', as('ann'), payment)).json<{ id: string }>();
    const nobodys = '01920000-0000-7000-8000-000000000001';
    for (const path of [`/payments/${id}`, `/payments/${id}/reversal`]) {
      const method = path.endsWith('reversal') ? 'POST' : 'GET';
      const [others, none] = [
        await send(method, path, as('bob')),
        await send(method, path.replace(id, nobodys), as('bob')),
      ];
      expect([others.statusCode, { ...others.json<object>(), instance: '' }]).toEqual([
        404,
        { ...none.json<object>(), instance: '' },
      ]);
    }
    const listed = async (name: string) =>
      (await send('GET', '/payments', as(name)))
        .json<{ items: { id: string }[] }>()
        .items.map((item) => item.id);
    expect(await listed('bob')).not.toContain(id);
    expect(await listed('ann')).toContain(id);
    expect(await listed('read')).toContain(id);
    expect(await database.rows('SELECT FROM payment_event WHERE payment_id = $1', [id])).toHaveLength(1);
    expect((await send('POST', `/payments/${id}/reversal`, as('ann'))).statusCode).toBe(201);
    expect(typeOf(await send('POST', `/payments/${id}/reversal`, as('bob')))).toBe(
      '/problems/payment-not-found',
    );
  });

  it('walks past the payments of others page by page, and misses none of its own', async () => {
    await database.rows(
      `INSERT INTO payment_event (payment_id, type, client, idempotency_key, fingerprint, src, dest, amount_minor, currency)
       SELECT outbox_uuidv7(), 'payment.accepted', CASE WHEN n % 5000 = 0 THEN 'carl' ELSE 'others' END, 'k' || n, '', 'a', 'b', 1, 'EUR'
         FROM generate_series(1, 25000) AS n`,
    );
    const { key } = await issueKey(owner.manager, { client: 'carl', scopes: ['read'] });
    const seen: string[] = [];
    let pages = 0;
    for (let after: string | null = ''; after !== null; pages++) {
      const url: string = `/payments?limit=2${after && `&after=${after}`}`;
      const page: { items: { id: string }[]; next: string | null } = (
        await send('GET', url, `Bearer ${key}`)
      ).json<{
        items: { id: string }[];
        next: string | null;
      }>();
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
    expect(pages).toBeLessThan(10);
  });

  it('P28: that sends too much is told to wait, and others are served meanwhile', async () => {
    const limited = await startPayments(database, { requestsPerSecond: 20 });
    const ask = (name: string) =>
      limited.inject({ method: 'GET', url: '/payments', headers: { authorization: as(name) } });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('ann')));
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect(refused.length).toBeGreaterThanOrEqual(10); // a second may end within these
    expect([refused[0] && typeOf(refused[0]), refused[0]?.headers['retry-after']]).toEqual([
      '/problems/rate-limited',
      '1',
    ]);
    expect((await ask('bob')).statusCode).toBe(200);
    let again = await ask('ann');
    while (again.statusCode === 429) again = await ask('ann');
    expect(again.statusCode).toBe(200);
    await limited.close();
  });

  it('whose key is revoked is out within five seconds', async () => {
    const { key, id } = await issueKey(owner.manager, { client: 'dora', scopes: ['read'] });
    expect((await send('GET', '/payments', `Bearer ${key}`)).statusCode).toBe(200);
    await revokeKey(owner.manager, id);
    const revokedAt = performance.now();
    while ((await send('GET', '/payments', `Bearer ${key}`)).statusCode === 200)
      expect(performance.now() - revokedAt).toBeLessThan(6_000);
  });

  it('that was known stays known while the database is away, and one that was not is told to come again', async () => {
    const known = as('operate');
    expect((await send('GET', '/health/ready', known)).json()).toHaveProperty('details');
    const role = `payments_${database.name}`;
    await database.rows(`ALTER ROLE "${role}" NOLOGIN`);
    await database.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
    try {
      const awayAt = performance.now();
      while (performance.now() - awayAt < 6_000) {
        const answer = await send('GET', '/health/ready', known); // longer than a key is remembered otherwise
        expect([answer.statusCode, answer.json<object>()]).toEqual([
          503,
          expect.objectContaining({ error: { database: expect.objectContaining({ status: 'down' }) } }),
        ]);
      }
      const unknown = await send('GET', '/payments', `Bearer ${newApiKey()}`);
      expect([unknown.statusCode, typeOf(unknown)]).toEqual([503, '/problems/temporarily-unavailable']);
    } finally {
      await database.rows(`ALTER ROLE "${role}" LOGIN`);
    }
    while ((await send('GET', '/payments', as('ann'))).statusCode !== 200);
  });

  it('cannot be given another’s key, nor a key more than it was issued for', async () => {
    const { key } = await issueKey(owner.manager, { client: 'eve', scopes: ['read'] });
    await expect(issueKey(owner.manager, { client: 'eve', scopes: ['read'], key })).resolves.toMatchObject({
      key,
    });
    for (const other of [
      { client: 'mallory', scopes: ['read'] },
      { client: 'eve', scopes: ['read', 'operate'] },
    ])
      await expect(
        issueKey(owner.manager, { ...(other as { client: string; scopes: Scope[] }), key }),
      ).rejects.toThrow('is there already, of eve for read');
    const [id] = key.split('_').slice(1);
    await expect(
      issueKey(owner.manager, { client: 'eve', scopes: ['read'], key: `po_${id}_${'0'.repeat(64)}` }),
    ).rejects.toThrow('with another secret');
  });

  it('is nowhere kept with its secret', async () => {
    const dump = JSON.stringify(await database.rows(`SELECT api_key::text FROM api_key`));
    for (const key of Object.values(keyOf)) expect(dump).not.toContain(key.split('_')[2]);
  });
});
