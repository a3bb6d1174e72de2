import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { PrimaryAndStandby } from './support/primary-and-standby.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(180_000);

describe('the payments database fails over to a replica', () => {
  let servers: PrimaryAndStandby | undefined;
  let system: TestStack | undefined;
  afterEach(async () => {
    await system?.stop();
    await servers?.remove();
    [servers, system] = [undefined, undefined];
  });

  async function start(options: { synchronous: boolean }) {
    servers = await PrimaryAndStandby.create(options);
    system = await TestStack.start({ throwAway: { payments: servers.primary.adminUrl('postgres') } });
    return { servers, system };
  }

  it('nothing is lost and no rebase is needed where replication is synchronous; on a standby the relay stands still and says so', async () => {
    const { servers, system } = await start({ synchronous: true });
    const { rows: mode } = await onServer(
      servers.primary.adminUrl('postgres'),
      'SELECT sync_state FROM pg_stat_replication',
    );
    expect(mode).toEqual([{ sync_state: 'sync' }]);
    await system.pay(50);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(50));
    await system.stack.links.break('relay-rabbitmq');
    const { published } = await relayStatus(system);
    await system.pay(30); // pending
    await openTransaction(system.admin.paymentsDb);
    const paying = system.pay(150); // under way when the primary dies
    await eventually(async () => (await accepted(system)) > 100, 'payments flow');
    await servers.primary.kill('SIGKILL');
    await system.movePayments(servers.standby);
    await system.stack.links.heal('relay-rabbitmq');
    const ready = async () => await (await fetch(`${system.stack.urls.relay}/health/ready`)).text();
    await eventually(async () => /standby/.test(await ready()), 'the relay says that this is a standby');
    expect(await relayStatus(system)).toMatchObject({ published });
    await servers.promote();
    expect((await paying).summary).toMatchObject({ rows: 150, failed: 0 });
    await system.pay(20);
    expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(250));
    expect(system.logged.filter((line) => line.includes('outbox rebase'))).toEqual([]);
    const parked = await (await fetch(`${system.stack.urls.ledger}/parked`)).json();
    expect(parked).toMatchObject({ count: 0 });
  });

  it('B14: what an asynchronous replica had not got is lost with the primary, and compare names all of it', async () => {
    const { servers, system } = await start({ synchronous: false });
    await system.pay(40);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(40));
    await sameLog(servers);
    await servers.standby.stop();
    await system.pay(25); // told, published and posted
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(65));
    await servers.primary.kill('SIGKILL');
    await servers.standby.restart();
    await servers.promote();
    await system.movePayments(servers.standby);
    await system.pay(10); // with transaction ids, outbox ids and windows that were used before
    const comparison = await settled(system, 75);
    expect(comparison).toMatchObject({
      agree: false,
      payments: { count: 50 },
      ledger: { count: 75 },
      breaks: { unexpected: { count: 25, totals: { EUR: '25.00' } }, missing: { count: 0 } },
    });
    expect(system.logged.filter((line) => line.includes('outbox rebase'))).toEqual([]);
  });
});

async function relayStatus({ stack }: TestStack): Promise<{ published: number }> {
  return (await (await fetch(`${stack.urls.relay}/status`)).json()) as { published: number };
}

async function accepted(system: TestStack): Promise<number> {
  const [row] = await system.sql<{ count: number }>(
    'payments',
    'SELECT count(*)::int AS count FROM payment_event',
  );
  return row?.count ?? 0;
}

async function settled(system: TestStack, transfers: number) {
  await eventually(async () => (await system.transfersPosted()) === transfers, `${transfers} are posted`);
  let comparison = await system.compare();
  await eventually(async () => {
    comparison = await system.compare();
    return comparison.breaks.unexpected.count > 0;
  }, 'they are told to be unexpected');
  return comparison;
}

/** A transaction that has written to the outbox and dies with its server. */
async function openTransaction(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO outbox_message (shard, run_id, type, key, payload)
     SELECT outbox_shard('open'), run_id, 'never.committed', 'open', '{}' FROM outbox_settings`,
  );
}

async function sameLog({ primary, standby }: PrimaryAndStandby): Promise<void> {
  const { rows } = await onServer(primary.adminUrl('postgres'), 'SELECT pg_current_wal_lsn()::text AS lsn');
  await eventually(async () => {
    const sql = `SELECT pg_last_wal_replay_lsn() >= '${String(rows[0]?.['lsn'])}' AS same`;
    return (await onServer(standby.adminUrl('postgres'), sql)).rows[0]?.['same'] === true;
  }, 'the standby has replayed everything');
}

async function onServer(url: string, sql: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query<Record<string, unknown>>(sql);
  } finally {
    await client.end();
  }
}
