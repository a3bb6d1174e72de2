import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { compare, Markers, type Comparison } from '@paid-once/compare';
import { compareUntilAgreed } from '../apps/cli/src/compare-until-agreed.js';
import type { Repaired } from '../apps/cli/src/repair/repair-ledgers.js';
import { run } from '../apps/cli/src/test/run.js';
import { PastTheServices } from './support/past-the-services.js';
import { isOutboxDrained } from './support/relay-status.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

let system: TestStack;
let behind: PastTheServices;

beforeAll(async () => {
  system = await TestStack.start();
  behind = new PastTheServices(system.stack);
});
afterAll(() => system.stop());
beforeEach(async () => {
  await system.stack.links.healAll();
  await eventually(
    async () => (await fetch(`${system.stack.urls.payments}/payments`, { method: 'DELETE' })).status === 204,
    'everything is empty',
  );
});

/** Pays so many that RabbitMQ confirms and then loses. */
async function lost(rows: number): Promise<void> {
  await system.stack.links.break('ledger-rabbitmq');
  await system.pay(rows);
  await eventually(
    async () => (await system.compare()).breaks.inBroker.count >= rows,
    'all of them are published',
  );
  await behind.emptyQueues();
  await system.stack.links.healAll();
}

/** Pays EUR 1, of which the ledger gets a damaged copy and no other: the same message, but not its body. */
async function arrivedBroken(reason: string): Promise<void> {
  await system.stack.links.break('relay-rabbitmq');
  await system.pay(1);
  const [sent] = await behind.sql('payments', 'SELECT message_id, key, type FROM outbox_message');
  await behind.sql(
    'ledger',
    `INSERT INTO parked_message (fingerprint, message_id, reason, detail, key, type, queue, content_type, headers, body)
     VALUES ('\\x01', $1, $4, 'damaged', $2, $3, 'ledger.payments.0', 'text/plain', jsonb_build_object('key', $2::text), '\\x7b')`,
    [sent!['message_id'], sent!['key'], sent!['type'], reason],
  );
  await system.stack.links.break('ledger-rabbitmq');
  await system.stack.links.heal('relay-rabbitmq');
  await eventually(() => isOutboxDrained(system), 'it is published');
  await behind.emptyQueues();
  await system.stack.links.healAll();
  await eventually(async () => (await system.compare()).breaks.parked.count === 1, 'it is parked');
}

async function repair(args = ''): Promise<{ exitCode: number; result: Comparison & { repair: Repaired } }> {
  const { exitCode, stdout } = await run(`compare --repair --json ${args}`, { ...system.stack.env });
  return { exitCode, result: JSON.parse(stdout) as Comparison & { repair: Repaired } };
}

describe('a marker', () => {
  it('proves missing what RabbitMQ confirmed and lost, with its money, and nothing that is on its way', async () => {
    await system.pay(2);
    await system.compareUntilAgreed();
    await lost(3);
    const comparison = await compareUntilAgreed({ ...system.stack.urls, timeoutMs: 8_000 });
    expect(comparison).toMatchObject({
      agree: false,
      payments: { count: 5 },
      ledger: { count: 2 },
      breaks: { missing: { count: 3, totals: { EUR: '3.00' } }, inBroker: { count: 0 } },
    });
    expect(comparison.breaks.missing.oldestSeconds).toBeGreaterThan(0);

    const markers = new Markers(system.stack.urls);
    await eventually(() => markers.look(), 'markers have arrived');
    await system.stack.links.break('ledger-rabbitmq');
    await system.pay(2);
    await eventually(async () => (await system.compare()).breaks.inBroker.count === 5, 'they are published');
    expect(await compare({ ...system.stack.urls, markers: markers.arrived })).toMatchObject({
      breaks: { missing: { count: 3 }, inBroker: { count: 2 } },
    });
  });
});

describe('a marker that does not arrive', () => {
  /** One set is published, and the ledger has none of it. */
  async function published(): Promise<Markers> {
    await system.stack.links.break('ledger-rabbitmq');
    await system.pay(2);
    const markers = new Markers(system.stack.urls, 500);
    expect(await markers.look()).toBe(false);
    await eventually(async () => {
      const [row] = await behind.sql(
        'payments',
        'SELECT count(*)::int = 0 AS all FROM outbox_marker WHERE published_at IS NULL',
      );
      return Boolean(row?.['all']);
    }, 'the markers are published');
    return markers;
  }

  it('is replaced when RabbitMQ has lost it with the rest, and the next one proves what is missing', async () => {
    const markers = await published();
    await behind.emptyQueues();
    await system.stack.links.healAll();
    await eventually(() => markers.look(), 'other markers have arrived');
    const { breaks } = await compare({ ...system.stack.urls, markers: markers.arrived });
    expect(breaks).toMatchObject({ missing: { count: 2 }, inBroker: { count: 0 } });
  });

  it('is asked for anew when a reset has removed it', async () => {
    const markers = await published();
    await system.stack.links.healAll();
    await eventually(
      async () => (await run('reset --yes', { ...system.stack.env })).exitCode === 0,
      'the ledger is connected again, and everything is empty',
    );
    await eventually(() => markers.look(), 'other markers have arrived');
    expect(await compare({ ...system.stack.urls, markers: markers.arrived })).toMatchObject({ agree: true });
  });
});

describe('compare --repair', () => {
  it('publishes again what is missing, exits 0 when the ledgers agree after it, and has nothing to do then', async () => {
    await lost(5);
    const { exitCode, result } = await repair();
    expect(result).toMatchObject(agreement(5));
    expect([exitCode, result.repair.markerArrived]).toEqual([0, true]);
    expect(result.repair.replayed).toEqual({ count: 5, totals: { EUR: '5.00' } });
    const again = await repair();
    expect([again.exitCode, again.result.repair.replayed.count]).toEqual([0, 0]);
    expect(again.result).toMatchObject(agreement(5));
  });

  it('run twice at once posts each payment once', async () => {
    await lost(5);
    const both = await Promise.all([repair(), repair()]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(await system.compare()).toMatchObject(agreement(5));
  });

  it('says in words and money what it did', async () => {
    await lost(2);
    const { stdout } = await run('compare --repair --by anna', { ...system.stack.env });
    expect(stdout).toContain('2 events (EUR 2.00) were missing: published again from the outbox’s history.');
    expect(stdout).toContain('The ledgers agree: 2 payments, EUR 2.00, each posted exactly once.');
  });

  it('has the ledger try again what it refused for a cause that is gone', async () => {
    const [settings] = await behind.sql('ledger', 'SELECT run_id FROM inbox_settings');
    await behind.sql('ledger', 'UPDATE inbox_settings SET run_id = gen_random_uuid()');
    await system.pay(3);
    await eventually(async () => (await system.compare()).breaks.parked.count === 3, 'all are parked');
    await behind.sql('ledger', 'UPDATE inbox_settings SET run_id = $1', [settings!['run_id']]);
    const { exitCode, result } = await repair();
    expect(result).toMatchObject(agreement(3));
    expect([exitCode, result.repair.retried.posted]).toEqual([0, 3]);
  });

  it.each(['unreadable', 'forged'])('publishes the outbox’s own copy of what arrived %s', async (reason) => {
    await arrivedBroken(reason);
    const { exitCode, result } = await repair();
    expect(result.repair).toMatchObject({
      retried: { count: 1 },
      copied: { count: 1, totals: { EUR: '1.00' } },
    });
    expect([exitCode, result.agree]).toEqual([0, true]);
  });

  it('does not undo a drop: what a person gave up at the ledger is neither tried again nor published', async () => {
    await arrivedBroken('invalid');
    const drop = await run('dead drop --all --count 1 --why obsolete --by ann', { ...system.stack.env });
    expect(drop.exitCode).toBe(0);
    const { exitCode, result } = await repair('--timeout 4');
    expect(exitCode).toBe(1);
    expect(result).toMatchObject({
      ledger: { count: 0 },
      breaks: { parked: { count: 1, dropped: { count: 1, totals: { EUR: '1.00' } } } },
      repair: {
        markerArrived: true,
        replayed: { count: 0 },
        retried: { count: 0 },
        copied: { count: 0 },
      },
    });
    expect(await system.transfersPosted()).toBe(0);
  });

  it('works while payments flow', async () => {
    await lost(4);
    const stop = new AbortController();
    const writer = (async () => {
      while (!stop.signal.aborted) await system.pay(40, { concurrency: 4 });
    })();
    await eventually(async () => (await system.compare()).payments.count > 4, 'payments flow');
    const { exitCode, result } = await repair();
    stop.abort();
    await writer;
    expect([exitCode, result.agree]).toEqual([0, true]);
    expect(result.repair.replayed.count).toBeGreaterThanOrEqual(4);
    expect(await system.compareUntilAgreed()).toMatchObject({ agree: true });
  });
});
