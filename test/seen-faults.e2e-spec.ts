import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ConsoleLogger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpApplication } from '@paid-once/service';
import { ConsoleModule } from '../apps/console/src/console.module.js';
import { schema } from '../apps/console/src/settings.js';
import { Watch } from '../apps/console/src/watch.js';
import { BrokerOperator } from './support/broker-admin.js';
import { scrape, total } from './support/metrics.js';
import { Prometheus } from './support/prometheus.js';
import { backlog, seenFaults, type Scene, type SeenFault } from './support/seen-faults.js';
import { eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

let scene: Scene;
let urls: Record<string, string>;
let prometheus: Prometheus | undefined;
let consoleApp: NestFastifyApplication | undefined;
let paid = 0;
const consoleLines: string[] = [];

/** The console runs in this process: its lines as those of the others look. */
class ConsoleLines extends ConsoleLogger {
  override log = (message: unknown) => void consoleLines.push(`console ${String(message)}`);
  override warn = this.log;
}

beforeAll(async () => {
  const quick = { PAID_ONCE_HEARTBEAT_SECONDS: '1', PAID_ONCE_DB_TIMEOUT_MS: '1500' };
  const system = await TestStack.startWithServers({
    env: {
      payments: { PAID_ONCE_DB_TIMEOUT_MS: '1500', PAID_ONCE_PAYMENTS_BACKLOG: String(backlog) },
      relay: {
        ...quick,
        PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: '1500',
        PAID_ONCE_REPAIR_EVERY_SECONDS: '1',
        PAID_ONCE_STUCK_SECONDS: '3',
      },
      ledger: { ...quick, PAID_ONCE_RETENTION_EVERY_SECONDS: '1' },
    },
  });
  const broker = system.stack.servers!.broker;
  const operator = new BrokerOperator(broker.adminUrl, broker.vhost);
  const pay: Scene['pay'] = async (rows, options) => {
    await system.pay(rows, options);
    paid += rows;
  };
  scene = { system, broker, operator, pay };
  const { payments, relay, ledger } = system.stack.urls;
  const settings = schema.parse({
    PAID_ONCE_LAB: 'true',
    PAID_ONCE_STUCK_SECONDS: '3',
    PAID_ONCE_PAYMENTS_URL: payments,
    PAID_ONCE_LEDGER_URL: ledger,
    PAID_ONCE_RELAY_URL: relay,
  });
  consoleApp = await createHttpApplication(ConsoleModule.with(settings), new ConsoleLines());
  await consoleApp.listen(0, '127.0.0.1');
  consoleApp.get(Watch).listen({ snapshot: () => {}, point: () => {} }); // it looks more often for somebody who watches
  urls = { payments, relay, ledger, console: await consoleApp.getUrl() };
  prometheus = await Prometheus.start(urls);
  await pay(5);
  await eventually(async () => (await prometheus!.firing()).length === 0, 'no alert fires at first');
});
afterAll(async () => {
  await prometheus?.stop();
  await consoleApp?.close();
  await scene?.system.stop();
});

describe('while it lasts a metric names it, its alert fires, the log tells its beginning and its end:', () => {
  it.each(seenFaults)('$title', async ({ inject, pays, metric, alert, log }) => {
    const { system, pay } = scene;
    const seen = metricOf(metric);
    await seen();
    const lines = linesFromNowOn(log);
    const heal = await inject(scene);
    const paying = Promise.allSettled(pays ? [pay(3)] : []);
    try {
      await eventually(seen, 'a metric names it');
      await eventually(async () => (await alerts()).some((one) => one.startsWith(alert)), `${alert} fires`);
      await eventually(() => lines().begun > 0, 'the log tells it');
    } finally {
      await heal();
    }
    expect(await paying).toEqual(pays ? [{ status: 'fulfilled' }] : []);
    await eventually(async () => (await alerts()).length === 0, 'no alert fires any more');
    await eventually(async () => {
      await pay(1);
      return lines().ended > 0;
    }, 'the log tells its end');
    expect(lines()).toEqual({ begun: 1, ended: 1 });
    expect(await system.compareUntilAgreed()).toMatchObject({ agree: true, ledger: { count: paid } });
  });
});

async function alerts(): Promise<string[]> {
  return (await prometheus?.firing()) ?? [];
}

/** @returns whether what it says of the fault is so; the first time it looks how it is without */
function metricOf([of, series, is]: SeenFault['metric']): () => Promise<boolean> {
  const read = async () => valueOf(await scrape(urls[of] ?? ''), series);
  if (is === undefined)
    return () =>
      read().then(
        () => false,
        () => true,
      );
  let before: number | undefined;
  return async () => {
    const value = await read().catch(() => undefined);
    if (value === undefined) return false;
    if (typeof is === 'number') return value === is;
    if (is !== 'grows') return value > is.above;
    before ??= value;
    return value > before;
  };
}

/** `…{shard="*"}`: the largest of all. */
function valueOf(metrics: ReadonlyMap<string, number>, series: string): number | undefined {
  const [name = '', labels] = series.split('{');
  if (labels?.includes('"*"') !== true) return labels ? metrics.get(series) : total(metrics, name);
  const values = [...metrics].flatMap(([each, value]) => (each.startsWith(`${name}{`) ? [value] : []));
  return values.length === 0 ? undefined : Math.max(...values);
}

function linesFromNowOn([of, begins, ends]: SeenFault['log']): () => { begun: number; ended: number } {
  const all = () => (of === 'console' ? consoleLines : scene.system.logged);
  const from = all().length;
  const count = (pattern: RegExp) =>
    all()
      .slice(from)
      .filter((line) => line.startsWith(`${of} `) && pattern.test(line)).length;
  return () => ({ begun: count(begins), ended: count(ends) });
}
