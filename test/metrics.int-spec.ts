import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApplication } from '@paid-once/service';
import { ConsoleModule } from '../apps/console/src/console.module.js';
import { schema } from '../apps/console/src/settings.js';
import { Watch } from '../apps/console/src/watch.js';
import { run } from '../apps/cli/src/test/run.js';
import { arm } from './support/arm.js';
import { declaredMetrics, scrape, total } from './support/metrics.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

let system: TestStack;
let consoleApp: NestFastifyApplication;
let consoleUrl: string;
beforeAll(async () => {
  system = await TestStack.start({ env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: '1' } } });
  const { payments, ledger, relay } = system.stack.urls;
  consoleApp = await createHttpApplication(
    ConsoleModule.with(
      schema.parse({
        PAID_ONCE_LAB: 'true',
        PAID_ONCE_PAYMENTS_URL: payments,
        PAID_ONCE_LEDGER_URL: ledger,
        PAID_ONCE_RELAY_URL: relay,
      }),
    ),
    false,
  );
  await consoleApp.listen(0, '127.0.0.1');
  consoleUrl = await consoleApp.getUrl();
  consoleApp.get(Watch).listen({ snapshot: () => {}, point: () => {} });
});
afterAll(async () => {
  await consoleApp?.close();
  await system?.stop();
});
beforeEach(() => system.stack.links.healAll());

const of = (process: 'payments' | 'relay' | 'ledger') => scrape(system.stack.urls[process]);
let paid = 0;
async function pay(rows: number): Promise<void> {
  await system.pay(rows);
  paid += rows;
  expect(await system.compareUntilAgreed()).toMatchObject(agreement(paid));
}

describe('the metrics', () => {
  it('have every name that an alert, the dashboard or a page asks for, and each of ours begins as Prometheus wants it', async () => {
    await pay(5);
    const { payments, relay, ledger } = system.stack.urls;
    const urls = [payments, relay, ledger, consoleUrl];
    const scraped = await Promise.all(urls.map((url) => scrape(url)));
    const exported = new Set([
      ...scraped.flatMap((metrics) => [...metrics.keys()].map((series) => series.replace(/\{.*/, ''))),
      ...(await Promise.all(urls.map(declaredMetrics))).flat(),
    ]);
    const expressions = [
      'observability/prometheus/alerts.yml',
      'observability/grafana/paid-once.json',
      'docs/observability.md',
      'docs/fault-matrix.md',
    ]
      .map((file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'))
      .join('\n');
    const asked = new Set(expressions.match(/\bpaid_once_\w+/g));
    expect(asked.size).toBeGreaterThan(10);
    expect([...asked].filter((name) => !exported.has(name))).toEqual([]);
    const strange = [...exported].filter((name) => !/^(paid_once|process|nodejs)_/.test(name));
    expect(strange).toEqual([]);
  });

  it('count how requests ended, what was published, and how long it took to be posted', async () => {
    const before = { payments: await of('payments'), relay: await of('relay'), ledger: await of('ledger') };
    await pay(40);
    const grown = async (process: keyof typeof before, name: string, labels?: Record<string, string>) =>
      (total(await of(process), name, labels) ?? 0) - (total(before[process], name, labels) ?? 0);
    expect(await grown('payments', 'paid_once_payments_requests_total', { outcome: 'accepted' })).toBe(40);
    expect(
      await grown('relay', 'paid_once_relay_published_total', { outcome: 'confirmed' }),
    ).toBeGreaterThanOrEqual(40);
    expect(await grown('ledger', 'paid_once_ledger_posted_total')).toBe(40);
    expect(await grown('ledger', 'paid_once_end_to_end_seconds_count')).toBe(40);
    const sum = await grown('ledger', 'paid_once_end_to_end_seconds_sum');
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThan(40 * 30);
    const ledger = await of('ledger');
    expect(ledger.get('paid_once_end_to_end_seconds_bucket{le="+Inf"}')).toBe(
      total(ledger, 'paid_once_end_to_end_seconds_count'),
    );
  });

  it('tell what waits where: in the outbox, and then in the queues', async () => {
    await system.stack.links.breakWith('relay-rabbitmq', { kind: 'cut' });
    await system.pay(7);
    await eventually(async () => total(await of('relay'), 'paid_once_outbox_pending') === 7, 'seven wait');
    const relay = await of('relay');
    expect(total(relay, 'paid_once_outbox_oldest_age_seconds')).toBeGreaterThan(0);
    expect(relay.get('paid_once_ready{check="broker"}')).toBe(0);
    expect(relay.get('paid_once_ready{check="database"}')).toBe(1);
    await eventually(
      async () =>
        total(await scrape(consoleUrl), 'paid_once_ledger_difference_minor_units', { currency: 'EUR' }) ===
        700,
      'the ledgers differ by 700 cents',
    );
    await system.stack.links.breakWith('ledger-postgres', { kind: 'cut' });
    await system.stack.links.heal('relay-rabbitmq');
    await eventually(async () => total(await of('relay'), 'paid_once_outbox_pending') === 0, 'nothing waits');
    const ledger = await of('ledger');
    expect(ledger.get('paid_once_ready{check="database"}')).toBe(0);
    // What its database would have to tell is not known, which is not zero.
    expect(total(ledger, 'paid_once_ledger_parked')).toBeUndefined();
    await system.stack.links.healAll();
    paid += 7;
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paid));
  });

  it('answer while a database hangs, and call it not ready', async () => {
    await system.stack.links.breakWith('payments-postgres', { kind: 'half-open' });
    const startedAt = performance.now();
    const metrics = await of('payments');
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    expect(metrics.get('paid_once_ready{check="database"}')).toBe(0);
  });

  it('tell how long ago a probe went around the whole loop, also where nothing is paid', async () => {
    const ages = async () =>
      [...(await of('relay'))].filter(([series]) => series.startsWith('paid_once_loop_age_seconds'));
    await eventually(async () => (await ages()).length === 4, 'a probe went around each shard');
    for (const [, seconds] of await ages()) expect(seconds).toBeLessThan(60);
  });

  it('come of a probe that goes around again after five minutes, although nothing is there to verify', async () => {
    const atRest = async () => {
      const status = (await (await fetch(`${system.stack.urls.relay}/status`)).json()) as {
        repair: { shards: { verifiedSeconds: number | null }[] };
      };
      return status.repair.shards.every(({ verifiedSeconds }) => (verifiedSeconds ?? Infinity) < 2);
    };
    const markers = async () =>
      (await system.sql<{ count: number }>('payments', 'SELECT count(*)::int AS count FROM outbox_marker'))[0]
        ?.count ?? 0;
    await eventually(atRest, 'all is verified');
    const before = await markers();
    await system.sql('payments', `UPDATE outbox_marker SET verified_at = verified_at - interval '301 s'`);
    await eventually(async () => (await markers()) >= before + 4, 'each shard has sent another probe');
  });
});

describe('duplicates are counted by their cause:', () => {
  // Without repair: its markers are no payments, and what dies with one of them posts nothing again.
  beforeAll(async () => {
    await system.stop();
    system = await TestStack.start();
    paid = 0;
    await pay(5);
  });

  const caused = async (process: 'payments' | 'ledger', cause: string) =>
    total(await of(process), 'paid_once_duplicates_total', { cause }) ?? 0;
  const causes = async () => ({
    retry: await caused('payments', 'client-retry'),
    republish: await caused('ledger', 'republish'),
    redelivery: await caused('ledger', 'redelivery'),
    same: await caused('ledger', 'same-event'),
  });
  const more = async (before: Awaited<ReturnType<typeof causes>>) => {
    const now = await causes();
    return Object.fromEntries(
      Object.entries(now).map(([cause, count]) => [cause, count - before[cause as keyof typeof now]]),
    );
  };

  it('a client that asks again', async () => {
    const before = await causes();
    const ask = () =>
      fetch(`${system.stack.urls.payments}/payments`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': `again-${paid}` },
        body: JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1.00' }),
      });
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([201, 208, 208]);
    paid++;
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paid));
    expect(await more(before)).toEqual({ retry: 2, republish: 0, redelivery: 0, same: 0 });
  });

  it('a relay that publishes again', async () => {
    const before = await causes();
    const replay = await run(`replay --since 1h --why test --by ann`, system.stack.env);
    expect(replay).toMatchObject({ exitCode: 0 });
    await eventually(async () => (await more(before))['republish'] === paid, 'all came again');
    expect(await more(before)).toEqual({ retry: 0, republish: paid, redelivery: 0, same: 0 });
  });

  it('a broker that delivers again, because the ack was lost', async () => {
    const before = await causes();
    // The commit is made, and its process ends before the ack: what it held comes again.
    const { ledger } = system.stack.services;
    const pid = ledger.pid;
    await arm(ledger.url, 'ledger.after-commit');
    await system.pay(6);
    paid += 6;
    await eventually(() => ledger.pid !== undefined && ledger.pid !== pid, 'the ledger died and is back');
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(paid));
    await eventually(
      async () => (await caused('ledger', 'redelivery')) >= 1,
      'something was delivered again',
    );
    expect(await caused('ledger', 'republish')).toBe(0);
    expect(before.same).toBe(0);
  });
});
