import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApplication } from '@paid-once/service';
import { fakeService, type FakeAnswer, type FakeService } from '../../cli/src/test/run.js';
import type { AboutView, Snapshot } from './api.js';
import { ConsoleModule } from './console.module.js';
import { refuseOtherHosts } from './serve-page.js';
import { schema, type ConsoleSettings } from './settings.js';

jest.setTimeout(30_000);

const balance = { count: 3, totals: { EUR: '3.00' }, reversals: 0 };
const host = 'localhost:3000';

/** What the page sends. */
async function fromPage(app: NestFastifyApplication) {
  const { token } = (await app.inject({ url: '/api/about', headers: { host } })).json<AboutView>();
  return { 'x-paid-once-console': token, host };
}

let payments: FakeService;
let answers: Record<string, FakeAnswer> = {};
const open: NestFastifyApplication[] = [];

beforeAll(async () => {
  const answer =
    (path: string): FakeAnswer =>
    () =>
      answers[path] ?? 404;
  payments = await fakeService(
    Object.fromEntries(
      ['/stats', '/lab/chapter', '/payments', '/interventions'].map((path) => [path, answer(path)]),
    ),
  );
});
beforeEach(() => void (answers = { '/stats': balance }));
afterAll(async () => {
  await Promise.all(open.map((app) => app.close()));
  await payments.stop();
});

async function start(settings: Partial<Record<keyof ConsoleSettings, string>> = {}) {
  const nobody = 'http://127.0.0.1:9';
  const app = await createHttpApplication(
    ConsoleModule.with(
      schema.parse({
        PAID_ONCE_LAB: 'true',
        PAID_ONCE_PAYMENTS_URL: payments.url,
        PAID_ONCE_LEDGER_URL: nobody,
        PAID_ONCE_RELAY_URL: nobody,
        ...settings,
      }),
    ),
    false,
  );
  refuseOtherHosts(app.getHttpAdapter().getInstance(), ['console.example']);
  await app.listen(0, '127.0.0.1');
  open.push(app);
  return app;
}

/** Reads events until one of that name comes. */
async function firstOf<Event>(app: NestFastifyApplication, name: string): Promise<Event> {
  const ended = new AbortController();
  const response = await fetch(`${await app.getUrl()}/api/events`, { signal: ended.signal });
  let text = '';
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (const event of text.split('\n\n')) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (event.includes(`event: ${name}\n`) && data !== undefined && event.trim().endsWith(data))
          return JSON.parse(data) as Event;
      }
    }
  } finally {
    ended.abort();
  }
  throw new Error(`no ${name} came`);
}

describe('the console', () => {
  it('starts before anything else, shows what is down, and says so of the money', async () => {
    const app = await start();
    const snapshot = await firstOf<Snapshot>(app, 'snapshot');
    expect(snapshot.stations.payments).toMatchObject({ health: 'up', count: 3, totals: { EUR: '3.00' } });
    expect(snapshot.stations.ledger).toMatchObject({
      health: 'down',
      says: expect.stringContaining('does not answer'),
    });
    expect(snapshot.verdict).toMatchObject({ kind: 'unknown' });
    expect(await app.inject({ url: '/health/ready', headers: { host: 'localhost' } })).toMatchObject({
      statusCode: 200,
    });
  });

  it('ends while a page is open', async () => {
    const app = await start();
    const response = await fetch(`${await app.getUrl()}/api/events`);
    await app.close();
    await response.text();
  });

  it.each([
    ['without a token', { 'x-paid-once-console': '' }, 403, 'not-from-this-page'],
    ['with another token', { 'x-paid-once-console': '1' }, 403, 'not-from-this-page'],
    ['from another origin', { origin: 'http://evil.example' }, 403, 'not-from-this-page'],
    ['that another site began', { 'sec-fetch-site': 'cross-site' }, 403, 'not-from-this-page'],
    ['under another name', { host: 'evil.example:3000' }, 421, 'wrong-host'],
  ])('does nothing for a request %s', async (_, wrong, status, type) => {
    const app = await start();
    const headers = { ...(await fromPage(app)), ...wrong };
    const answer = await app.inject({ method: 'POST', url: '/api/reset', headers, payload: {} });
    expect([answer.statusCode, answer.json().type]).toEqual([status, `/problems/${type}`]);
    expect(payments.requests.filter(({ line }) => line.startsWith('DELETE'))).toEqual([]);
  });

  it('does what its own page asks for, and writes it down', async () => {
    answers['/payments'] = 204;
    const app = await start();
    const headers = {
      ...(await fromPage(app)),
      origin: 'http://localhost:3000',
      'sec-fetch-site': 'same-origin',
    };
    const answer = await app.inject({ method: 'POST', url: '/api/reset', headers, payload: {} });
    expect([answer.statusCode, answer.json()]).toEqual([200, { says: 'emptied both ledgers' }]);
    expect(payments.requests.map(({ line }) => line)).toContain('DELETE /payments');
    expect(await firstOf(app, 'happened')).toMatchObject({ who: 'you', says: 'emptied both ledgers' });
  });

  it('changes nothing when it is read-only, and says why', async () => {
    const app = await start({ PAID_ONCE_CONSOLE_READ_ONLY: 'true' });
    const headers = await fromPage(app);
    const answer = await app.inject({ method: 'POST', url: '/api/links/heal', headers, payload: {} });
    expect([answer.statusCode, answer.json().type]).toEqual([403, '/problems/read-only']);
    const { mode } = await firstOf<Snapshot>(app, 'snapshot');
    expect(mode).toMatchObject({ control: 'none', whyNot: expect.any(String) });
  });

  it.each([
    ['no key', undefined, 401, 'unauthenticated'],
    ['a key that payments does not know', 401, 401, 'unauthenticated'],
    ['a key without `operate`', 403, 403, 'forbidden'],
    ['a key with `operate`', { items: [] }, 409, 'action-failed'], // there is no launcher to stop anything
  ])(
    'outside lab mode does what it is asked with %s only as far as that goes',
    async (_, answered, status, type) => {
      if (answered !== undefined) answers['/interventions'] = answered;
      const app = await start({ PAID_ONCE_LAB: 'false' });
      expect((await firstOf<Snapshot>(app, 'snapshot')).mode).toMatchObject({
        control: 'key',
        whyNot: expect.stringContaining('`operate`'),
      });
      const authorization = answered === undefined ? {} : { authorization: 'Bearer po_somebody' };
      const headers = { ...(await fromPage(app)), ...authorization };
      const url = '/api/processes/nobody/kill';
      const answer = await app.inject({ method: 'POST', url, headers, payload: {} });
      expect([answer.statusCode, answer.json().type]).toEqual([status, `/problems/${type}`]);
    },
  );

  it('says what it means for the money when a part does not answer', async () => {
    const app = await start({ PAID_ONCE_TOXIPROXY_URL: 'http://127.0.0.1:9' });
    const answer = await app.inject({
      method: 'POST',
      url: '/api/links/relay-rabbitmq/break',
      headers: await fromPage(app),
      payload: { kind: 'cut' },
    });
    expect([answer.statusCode, answer.json()]).toMatchObject([
      502,
      { type: '/problems/action-failed', detail: expect.stringContaining('Toxiproxy') },
    ]);
  });
});
