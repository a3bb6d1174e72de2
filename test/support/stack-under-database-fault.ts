import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { pause } from '@paid-once/service';
import type { DatabaseFault, Subject } from './database-faults.js';
import { agreement, eventually, TestStack } from './test-stack.js';

/** The sum of every wait for the database, so shortened, is less than what a fault lasts. */
const timeouts = { PAID_ONCE_DB_TIMEOUT_MS: '900' };
const faultMs = 1_500;
const rows = 20;

/** A system whose databases can be broken, one fault after the other, and what must be true whatever the fault. */
export class StackUnderDatabaseFault {
  private heal: (() => Promise<void>) | undefined;

  private constructor(readonly system: TestStack) {}

  static async start(): Promise<StackUnderDatabaseFault> {
    const env = { payments: timeouts, relay: timeouts, ledger: timeouts };
    return new StackUnderDatabaseFault(await TestStack.startWithServers({ env }));
  }

  /** When a test has failed in between. */
  async whole(): Promise<void> {
    await this.heal?.();
    this.heal = undefined;
  }

  /** While it is broken nothing dies, lies or is lost; when it is whole again everything goes on by itself. */
  async goesOnThrough(fault: DatabaseFault, subject: Subject): Promise<void> {
    const { system } = this;
    const { stack } = system;
    const service = stack.services[subject.service];
    const before = (await system.compareUntilAgreed()).payments.count;
    const pids = processes(system);

    const racing = system.pay(rows, { concurrency: 4 }); // some of these are in a transaction when it breaks
    this.heal = await fault.inject(system, subject);
    const accepted = await acceptedBy(system, subject);
    const meeting = system.pay(rows, { concurrency: 4 });
    const until = performance.now() + faultMs;

    if (fault.blocks && subject.service === 'payments') await expectRefusals(service.url);
    if (fault.unready)
      await eventually(async () => !(await service.isReady()), 'it says that it is not ready');
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    await pause(until - performance.now()); // longer than each of its waits
    if (fault.blocks && subject.service !== 'payments') await expectNothingPosted(system, accepted);

    await this.whole();
    await service.ready();
    for (const { summary } of await Promise.all([racing, meeting]))
      expect(summary).toMatchObject({ rows, refused: 0, failed: 0 });
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(before + 2 * rows));
    expect(await system.sql('ledger', 'SELECT message_id, reason FROM parked_message')).toEqual([]);
    expect(processes(system)).toEqual(pids);
  }
}

/** A new payment is refused in time, with 503 and the advice to send it again. */
async function expectRefusals(url: string): Promise<void> {
  const key = randomUUID();
  const started = performance.now();
  const answer = await fetch(`${url}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' }),
  });
  expect(performance.now() - started).toBeLessThan(5_000);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await answer.json()).toMatchObject({
    type: expect.stringMatching(/^\/problems\/(temporarily-unavailable|outcome-unknown)$/),
  });
}

/** What may have got through before it broke. */
async function acceptedBy(system: TestStack, { service }: Subject): Promise<number> {
  if (service === 'payments') return 0; // its database may be the one that is away, and nobody asks
  const [row] = await system.sql<{ count: number }>(
    'payments',
    'SELECT count(*)::int AS count FROM payment_event',
  );
  return row?.count ?? 0;
}

/** The messages wait, unacknowledged or unpublished; payments are taken as ever. */
async function expectNothingPosted(system: TestStack, acceptedBefore: number): Promise<void> {
  if (system.stack.servers && (await system.stack.servers.ledgerDb.state()) !== 'running') return;
  expect(await system.transfersPosted()).toBeLessThanOrEqual(acceptedBefore);
}

const processes = (system: TestStack) => Object.values(system.stack.services).map(({ pid }) => pid);
