import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApplication } from '@paid-once/service';
import type {
  CompareView,
  Done,
  MeasuredRun,
  PaymentLife,
  RunView,
  Snapshot,
} from '../apps/console/src/api.js';
import { Control } from '../apps/console/src/control.js';
import { ConsoleModule } from '../apps/console/src/console.module.js';
import { refuseOtherHosts, servePage } from '../apps/console/src/serve-page.js';
import { schema } from '../apps/console/src/settings.js';
import { Watch } from '../apps/console/src/watch.js';
import { run as runCli } from '../apps/cli/src/test/run.js';
import { withInherited } from '../apps/cli/src/stack/stack-environment.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

let system: TestStack;
let app: NestFastifyApplication;
let stopWatching: () => void;

beforeAll(async () => {
  system = await TestStack.start();
  const { urls } = system.stack;
  app = await createHttpApplication(
    ConsoleModule.with(
      schema.parse({
        PAID_ONCE_LAB: 'true',
        PAID_ONCE_PAYMENTS_URL: urls.payments,
        PAID_ONCE_LEDGER_URL: urls.ledger,
        PAID_ONCE_RELAY_URL: urls.relay,
        PAID_ONCE_LINK_URL: urls.link,
        PAID_ONCE_TOXIPROXY_URL: urls.toxiproxy,
      }),
    ),
    false,
  );
  refuseOtherHosts(app.getHttpAdapter().getInstance(), []);
  await servePage(app.getHttpAdapter().getInstance());
  await app.init();
  stopWatching = app.get(Watch).listen({ snapshot: () => {}, point: () => {} });
});
afterAll(async () => {
  stopWatching?.();
  await app?.close();
  await system?.stop();
});
beforeEach(async () => {
  await system.stack.links.healAll();
  expect((await runCli('reset --yes', withInherited(system.stack.env))).exitCode).toBe(0);
});

const host = 'localhost:3000';
async function ask<Answer>(url: string): Promise<Answer> {
  const answer = await app.inject({ url: `/api/${url}`, headers: { host } });
  expect(answer.statusCode).toBe(200);
  return answer.json<Answer>();
}
async function act<Answer = Done>(url: string, payload: object = {}): Promise<Answer> {
  const headers = { host, origin: `http://${host}`, 'x-paid-once-console': app.get(Control).token };
  const answer = await app.inject({ method: 'POST', url: `/api/${url}`, headers, payload });
  expect({ status: answer.statusCode, body: answer.payload }).toMatchObject({ status: 200 });
  return answer.json<Answer>();
}
const seen = () => app.get(Watch).last;
const isSeen = (what: string, is: (snapshot: Snapshot) => boolean) =>
  eventually(async () => {
    const now = seen();
    return now !== undefined && is(now);
  }, what);

describe('the console', () => {
  it('tells the story: pay, cut the link, watch the outbox hold the money, heal, and both ledgers agree', async () => {
    await isSeen('both are empty', ({ verdict }) => verdict.kind === 'empty');
    await act('links/relay-rabbitmq/break', { kind: 'cut' });
    await isSeen('the cut', ({ links }) =>
      links.some(({ name, state }) => name === 'relay-rabbitmq' && state === 'cut'),
    );
    expect(await act<RunView>('runs', { rows: 50 })).toMatchObject({
      title: '50 payments',
      state: 'running',
    });
    await isSeen('all are paid', ({ run }) => run?.state === 'done' && run.accepted === 50);
    await isSeen(
      'the outbox holds them',
      ({ stations, verdict }) =>
        stations.outbox.pending === 50 &&
        stations.ledger.count === 0 &&
        verdict.kind === 'stuck' &&
        verdict.says.includes('50 payments (EUR 50.00) are safe in the outbox') &&
        verdict.says.includes('The link relay-rabbitmq has been cut for'),
    );
    const differing = await ask<CompareView>('compare?class=inOutbox');
    expect(differing.rows).toHaveLength(50);
    const id = differing.rows[0]?.paymentId ?? '';
    expect((await ask<CompareView>(`compare?find=${id}`)).rows).toMatchObject([
      { paymentId: id, class: 'inOutbox' },
    ]);
    expect((await ask<PaymentLife>(`payments/${id}`)).events).toMatchObject([{ type: 'payment.accepted' }]);
    expect(await act('links/heal')).toEqual({ says: 'healed all links' });
    await isSeen('the ledgers agree', ({ verdict }) => verdict.kind === 'agree');
    expect(seen()?.verdict.says).toBe('The ledgers agree: 50 payments, EUR 50.00, each posted exactly once.');
    expect(await system.compare()).toMatchObject(agreement(50));
  });

  it('heals by itself what was broken for a time', async () => {
    await act('links/ledger-rabbitmq/break', { kind: 'slow', ms: 300, forSeconds: 1 });
    await isSeen('it counts down', ({ links }) =>
      links.some(({ healsInSeconds }) => healsInSeconds !== null),
    );
    await isSeen('it is healed', ({ links }) => links.every(({ state }) => state === 'up'));
  });

  it('pays the rows of a file as the chapter does, and nothing of one with a bad row', async () => {
    const headers = {
      host,
      'x-paid-once-console': app.get(Control).token,
      'content-type': 'text/csv',
      'x-file-name': 'rent.csv',
    };
    const upload = (payload: string) => app.inject({ method: 'POST', url: '/api/runs', headers, payload });
    const bad = await upload('src,dest,amount\nbianca,marc,1.00\nbianca,marc,-1\n');
    expect([bad.statusCode, bad.json()]).toMatchObject([
      422,
      { detail: expect.stringContaining('Nobody was paid') },
    ]);
    expect((await upload('src,dest,amount\nbianca,marc,1.00\nbianca,marc,2.50\n')).statusCode).toBe(200);
    await isSeen('the ledgers agree', ({ verdict }) => verdict.says.includes('2 payments, EUR 3.50'));
    expect(seen()?.run).toMatchObject({ title: 'payments of rent.csv', accepted: 2 });
    await act('runs', { file: 'payments.csv' });
    await isSeen('the file of the checkout', ({ verdict }) =>
      verdict.says.includes('1,002 payments, EUR 1,003.50'),
    );
  });

  it('finds a payment about which both ledgers agree: by id, idempotency key, account and amount', async () => {
    const body = { src: 'bianca', dest: 'greengrocer', amount: '17.31' };
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'apples-in-may' };
    const { payments } = system.stack.urls;
    const accepted = await fetch(`${payments}/payments`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    const { id } = (await accepted.json()) as { id: string };
    await act('runs', { rows: 3 });
    await isSeen('the ledgers agree', ({ verdict }) => verdict.says.includes('4 payments'));
    for (const text of [id, 'apples-in-may', 'Greengrocer', '17.31', id.slice(-12)])
      expect(await ask<CompareView>(`compare?find=${text}`)).toMatchObject({
        rows: [{ paymentId: id, class: null, amount: '17.31', ledgerAmount: '17.31' }],
        notSearched: null,
      });
    expect((await ask<CompareView>('compare?find=nobody')).rows).toEqual([]);
    await act('runs', { rows: 60 });
    await isSeen('all of them', ({ verdict }) => verdict.says.includes('64 payments'));
    const many = await ask<CompareView>('compare?find=bianca');
    expect(many.rows).toHaveLength(50); // and it says that there may be more
    expect(many.notSearched).toContain('Accounts and amounts of the first 50 events');
  });

  it('says why a run cannot be counted: rows with references of their own are not told apart', async () => {
    const headers = { host, 'x-paid-once-console': app.get(Control).token, 'content-type': 'text/csv' };
    const payload = 'src,dest,amount,reference\nbianca,marc,1.00,rent\n';
    expect((await app.inject({ method: 'POST', url: '/api/runs', headers, payload })).statusCode).toBe(200);
    await isSeen('it is paid', ({ verdict }) => verdict.says.includes('1 payment, EUR 1.00'));
    expect((await ask<MeasuredRun[]>('runs'))[0]).toMatchObject({
      outcome: null,
      notCounted: 'its rows have references of their own',
    });
  });

  it('counts row by row what a run has lost and what it has paid twice', async () => {
    const outcome = async (chapter: number) => {
      await act('chapter', { chapter });
      await isSeen(`chapter ${chapter}`, ({ mode }) => mode.chapter?.chapter === chapter);
      await act('links/payment/break', { kind: 'reset', percent: 40, stream: 'both' });
      const { id } = await act<RunView>('runs', { rows: 30 });
      await isSeen('it is over', ({ run }) => run?.id === id && run.state === 'done');
      await act('links/heal');
      await eventually(
        async () => (await ask<MeasuredRun[]>('runs'))[0]?.outcome?.settled === true,
        'settled',
      );
      const [newest] = await ask<MeasuredRun[]>('runs');
      return { ...newest?.outcome, chapter: newest?.chapter };
    };
    const naive = await outcome(1);
    expect(naive.lost?.count).toBeGreaterThan(0);
    expect(naive).toMatchObject({ chapter: 1, twice: { count: 0 } });
    const repeated = await outcome(2);
    expect(repeated.twice?.count).toBeGreaterThan(0);
    expect(repeated).toMatchObject({ chapter: 2, lost: { count: 0 } });
    expect(await outcome(4)).toMatchObject({ chapter: 4, lost: { count: 0 }, twice: { count: 0 } });
  });

  it('says within seconds that a part hangs, and that it goes on', async () => {
    const { ledger } = system.stack.services;
    await ledger.kill('SIGSTOP');
    try {
      const frozenAt = Date.now();
      await isSeen('it hangs', ({ stations: { ledger: station } }) => station.health === 'down');
      expect(Date.now() - frozenAt).toBeLessThan(6_000);
      expect(seen()?.stations.ledger.says).toMatch(/has not answered for \d s/);
      expect(seen()?.stations.payments.health).toBe('up');
    } finally {
      await ledger.kill('SIGCONT');
    }
    await isSeen('it goes on', ({ stations }) => stations.ledger.health === 'up');
  });

  it('switches the chapter, and says what that leaves out', async () => {
    await act('chapter', { chapter: 2 });
    await isSeen(
      'chapter 2',
      ({ mode }) => mode.chapter?.chapter === 2 && mode.chapter.leavesOut === 'keys, inbox',
    );
    await act('chapter', { chapter: 4 });
    await isSeen('chapter 4', ({ mode }) => mode.chapter?.chapter === 4);
  });

  it('has the ledger try again what it parked', async () => {
    const [{ run_id: runId } = { run_id: '' }] = await system.sql<{ run_id: string }>(
      'ledger',
      'SELECT run_id FROM inbox_settings',
    );
    await system.sql('ledger', 'UPDATE inbox_settings SET run_id = gen_random_uuid()');
    await act('runs', { rows: 2 });
    await isSeen(
      'two are parked',
      ({ stations, verdict }) => stations.ledger.parked === 2 && verdict.kind === 'stuck',
    );
    expect(await ask('dead')).toMatchObject({
      count: 2,
      groups: [{ side: 'ledger', reason: 'other-run', count: 2 }],
    });
    await system.sql('ledger', `UPDATE inbox_settings SET run_id = '${runId}'`);
    expect((await act('dead/redrive', { reason: 'other-run' })).says).toContain('2 posted');
    await isSeen('the ledgers agree', ({ verdict }) => verdict.kind === 'agree');
  });

  it('names the part that is away, and finds it again', async () => {
    await system.stack.services.ledger.stop();
    await isSeen(
      'the ledger is down',
      ({ stations, verdict }) => stations.ledger.health === 'down' && verdict.kind === 'unknown',
    );
    await system.stack.services.ledger.restart();
    await isSeen('it is up', ({ stations }) => stations.ledger.health === 'up');
  });
});
