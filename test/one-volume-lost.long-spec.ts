import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { setUpSystem } from '../apps/cli/src/set-up/set-up-system.js';
import { withInherited } from '../apps/cli/src/stack/stack-environment.js';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

describe('one of three volumes is lost', () => {
  let system: TestStack;
  beforeAll(async () => {
    system = await TestStack.start({ env: { relay: { PAID_ONCE_REPAIR_EVERY_SECONDS: '1' } } });
  });
  afterAll(() => system.stop());

  const setUp = () => setUpSystem({ env: withInherited(system.stack.env), say: () => {} });
  const ready = async (service: 'payments' | 'ledger') =>
    (await fetch(`${system.stack.urls[service]}/health/ready`)).text();

  it("H9: the broker's: what was in it is missing, compare says so, and the repair publishes it again", async () => {
    await system.pay(20);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(20));
    await system.stack.links.break('ledger-rabbitmq');
    await system.pay(15);
    await eventually(async () => (await system.compare()).breaks.inOutbox.count === 0, 'they are published');
    await removeVhost(system);
    const lost = await system.compare();
    expect(lost).toMatchObject({ agree: false, payments: { count: 35 }, ledger: { count: 20 } });
    await setUp();
    await system.stack.links.heal('ledger-rabbitmq');
    expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(35));
  });

  it("H9: the ledger's: it refuses to work without its tables, compare tells what is gone, and a replay brings it back", async () => {
    const before = (await system.compare()).payments.count;
    await recreate(system.admin.ledgerDb);
    await eventually(async () => /run `paid-once setup`/.test(await ready('ledger')), 'the ledger refuses');
    await setUp();
    await eventually(async () => !/"error":{"database"/.test(await ready('ledger')), 'the ledger is back');
    expect(await system.compare()).toMatchObject({
      agree: false,
      payments: { count: before },
      ledger: { count: 0 },
    });
    const replay = await fetch(`${system.stack.urls.payments}/outbox/replays`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ by: 'test', why: 'the ledger is new', sinceSeconds: 86_400 }),
    });
    expect(replay.status).toBe(202);
    expect(await system.compareUntilAgreed(60_000)).toMatchObject(agreement(before));
  });

  it("H9: the payments': their service refuses without its tables, and setup will not join the ledger to a new run", async () => {
    await recreate(system.admin.paymentsDb);
    await eventually(async () => /run `paid-once setup`/.test(await ready('payments')), 'payments refuse');
    await expect(setUp()).rejects.toThrow(
      /this ledger belongs to run .*, the payments to run .*One of the two databases was replaced/s,
    );
  });
});

async function recreate(url: string): Promise<void> {
  const server = new URL(url);
  const name = server.pathname.slice(1);
  server.pathname = '/postgres';
  const client = new Client({ connectionString: server.href });
  await client.connect();
  await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
}

async function removeVhost({ admin }: TestStack): Promise<void> {
  const { origin, username, password } = new URL(admin.broker);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  await fetch(`${origin}/api/vhosts/${admin.vhost}`, { method: 'DELETE', headers: { authorization } });
}
