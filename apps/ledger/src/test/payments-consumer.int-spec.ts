import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ledgerQueue } from '@paid-once/contracts';
import { faultPoints } from '@paid-once/service';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { EndToEndTimes } from '../end-to-end.js';
import { PaymentsConsumer } from '../payments.consumer.js';
import { LEDGER_SETTINGS } from '../settings.js';
import { lockShards } from '../transfers.js';
import { eventually } from './eventually.js';
import { LedgerService } from './ledger-service.js';
import { messageOf, payment } from './payment-messages.js';

jest.setTimeout(60_000);

describe('the ledger on RabbitMQ', () => {
  let service: LedgerService;
  let runId: string;
  beforeAll(async () => {
    service = await LedgerService.start({ lab: true });
    runId = service.ledger.setup.runId;
  });
  afterAll(() => service.stop());
  beforeEach(() => service.ledger.empty());

  const waitingForLocks = async () => {
    const sql = `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`;
    return (await service.ledger.admin.query<{ count: number }[]>(sql))[0]?.count;
  };
  const parked = () => service.ledger.admin.query<unknown[]>('SELECT message_id, reason FROM parked_message');
  const status = async () =>
    (await service.get('/status')).body as {
      posted: number;
      duplicates: Record<string, number>;
      consumer: { kind: string };
    };

  it('M3: posts a message once that is published 1,000 times: all acknowledged, no queue left, no error logged', async () => {
    const before = await status();
    const message = messageOf(runId, payment());
    await service.broker.publish(Array.from({ length: 1_000 }, () => message));
    const repeats = async () =>
      ((await status()).duplicates['message'] ?? 0) - (before.duplicates['message'] ?? 0);
    await eventually(async () => (await repeats()) === 999);
    expect(await service.left()).toBe(0);
    expect(await service.count('transfer')).toBe(1);
    expect(await parked()).toEqual([]);
    expect(service.logged.errors).toEqual([]);
  });

  it('M9: parks what the relay’s user has not published, posts its neighbours, and tries it again only when it is named', async () => {
    const [forged, signed, honest] = [payment(), payment(), payment()].map((data) => messageOf(runId, data));
    if (!forged || !signed || !honest) throw new Error('Bug: three are three');
    await service.broker.forge(forged);
    const administrator = new URL(process.env['TEST_AMQP_ADMIN_URL'] ?? '').username;
    await service.broker.forge(signed, administrator);
    await expect(service.broker.forge(messageOf(runId, payment()), service.broker.relayUser)).rejects.toThrow(
      /40\d|500/,
    ); // the broker knows better
    await service.broker.publish([honest]);
    await eventually(async () => (await service.count('transfer')) === 1);
    await eventually(async () => (await service.count('parked_message')) === 2);
    const rows = await service.ledger.admin.query<{ detail: string }[]>(
      'SELECT message_id, reason, detail FROM parked_message ORDER BY detail',
    );
    expect(rows).toEqual([
      { message_id: forged.messageId, reason: 'forged', detail: 'it does not say who published it' },
      { message_id: signed.messageId, reason: 'forged', detail: `published by ${administrator}` },
    ]);
    const redrive = (which: object) =>
      service.ask('POST', '/parked/redrive', { by: 'ann', why: 'perhaps', ...which });
    for (const which of [{ all: true }, { reason: 'forged' }])
      expect((await redrive(which)).body).toMatchObject({
        redriven: { posted: 0 },
        remaining: 0,
        untrusted: 2,
      });
    expect(await service.count('transfer')).toBe(1);
    const [row] = await service.ledger.admin.query<{ id: string }[]>(
      'SELECT id FROM parked_message WHERE message_id = $1',
      [signed.messageId],
    );
    expect((await redrive({ ids: [row?.id] })).body).toMatchObject({ redriven: { posted: 1 } });
  });

  it('F4 G12: posts 99 of 100 messages and parks the bad one', async () => {
    const messages = Array.from({ length: 100 }, (_, n) =>
      messageOf(runId, payment({ amountMinor: n === 41 ? '0' : '5' })),
    );
    await service.broker.publish(messages);
    await eventually(async () => (await service.count('transfer')) === 99);
    expect(await service.left()).toBe(0);
    expect(await parked()).toEqual([{ message_id: messages[41]?.messageId, reason: 'invalid' }]);
  });

  it('G1: acknowledges nothing while its database is away, says so, and goes on by itself', async () => {
    const role = new URL(service.ledger.setup.serviceUrl).username;
    await service.ledger.admin.query(`ALTER ROLE ${role} NOLOGIN`);
    await service.ledger.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1`,
      [role],
    );
    await service.broker.publish(Array.from({ length: 200 }, () => messageOf(runId, payment())));
    await eventually(async () => (await status()).consumer.kind === 'waiting');
    expect((await service.get('/health/ready')).status).toBe(503);
    await eventually(async () => (await service.broker.unacknowledged()) === 200, 45_000); // counted every few seconds
    expect(await service.count('transfer')).toBe(0);
    await service.ledger.admin.query(`ALTER ROLE ${role} LOGIN`);
    await eventually(async () => (await service.count('transfer')) === 200);
    expect(await service.left()).toBe(0);
    await eventually(async () => (await service.get('/health/ready')).status === 200);
    expect(await parked()).toEqual([]);
    expect(service.logged.errors).toEqual([]);
  });

  it('G8: gives way in a real deadlock, and posts once when the other one is done', async () => {
    const { admin, setup } = service.ledger;
    const role = new URL(setup.serviceUrl).username;
    const asOwner = (sql: string) => admin.query<{ count: number }[]>(sql);
    const count = async (sql: string) => Number((await asOwner(`SELECT ${sql}`))[0]?.count);
    await asOwner(`ALTER ROLE ${role} SET deadlock_timeout = '10ms'`);
    const endSessions = () =>
      asOwner(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`);
    await endSessions();
    await service.broker.publish([messageOf(runId, payment())]); // the accounts are there from now on
    await eventually(async () => (await service.count('transfer')) === 1);
    await asOwner(`
      CREATE SEQUENCE attempt;
      CREATE FUNCTION meet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN -- the first goes on to its accounts only when somebody waits for it
        IF nextval('attempt') > 1 THEN RETURN NULL; END IF;
        WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))
        LOOP PERFORM pg_sleep(0.005), pg_stat_clear_snapshot(); END LOOP;
        RETURN NULL;
      END $$;
      CREATE TRIGGER meet AFTER INSERT ON inbox_message FOR EACH STATEMENT EXECUTE FUNCTION meet()`);
    const deadlocks = () =>
      count('deadlocks AS count FROM pg_stat_database WHERE datname = current_database()');
    const deadlocksBefore = await deadlocks();
    const rival = admin.createQueryRunner();
    await rival.query(`SET deadlock_timeout = '1h'`); // who looks for a deadlock first is the one who gives way
    await rival.query('BEGIN; SELECT FROM account FOR UPDATE');
    await service.broker.publish([messageOf(runId, payment())]);
    const inInbox = `count(*) FROM pg_stat_activity WHERE usename = '${role}' AND wait_event = 'PgSleep'`;
    await eventually(async () => (await count(inInbox)) === 1);
    await rival.query('LOCK TABLE inbox_message IN SHARE MODE; ROLLBACK');
    await eventually(async () => (await service.count('transfer')) === 2);
    await endSessions(); // what a session has counted is seen when it ends
    await eventually(async () => (await deadlocks()) > deadlocksBefore);
    expect(await count('last_value AS count FROM attempt')).toBe(2);
    expect(await service.left()).toBe(0);
    expect(await parked()).toEqual([]);
    expect(service.logged.errors).toEqual([]);
    await rival.query('RESET deadlock_timeout');
    await rival.release();
    await asOwner('DROP FUNCTION meet CASCADE; DROP SEQUENCE attempt');
    await asOwner(`ALTER ROLE ${role} RESET deadlock_timeout`);
  });

  it('posts what is in other shards while another ledger holds one shard', async () => {
    const rival = service.ledger.admin.createQueryRunner();
    await rival.startTransaction();
    await lockShards(rival.manager, [{ queue: ledgerQueue(0) }]);
    const inShards = (...shards: number[]) =>
      shards.map((shard) => messageOf(runId, payment(), 'payment.accepted', { queue: ledgerQueue(shard) }));
    await service.broker.publish(inShards(0));
    await eventually(async () => (await waitingForLocks()) === 1);
    await service.broker.publish(inShards(1, 3));
    await eventually(async () => (await service.count('transfer')) === 2);
    expect(await waitingForLocks()).toBe(1);
    await rival.rollbackTransaction();
    await rival.release();
    await eventually(async () => (await service.count('transfer')) === 3);
    expect(await service.left()).toBe(0);
  });

  it('empties itself and its queues on a reset, and refuses afterwards what was sent before', async () => {
    const late = messageOf(runId, payment());
    await service.broker.publish([messageOf(runId, payment())]);
    await eventually(async () => (await service.count('transfer')) === 1);
    const newRun = randomUUID();
    await service.whilePaused(async () => {
      await service.broker.publish([messageOf(runId, payment()), messageOf(runId, payment())]);
      expect((await service.ask('POST', '/lab/reset', { runId: newRun })).status).toBe(204);
    });
    const counts = ['transfer', 'account', 'inbox_message', 'parked_message'].map((table) =>
      service.count(table),
    );
    expect(await Promise.all(counts)).toEqual([0, 0, 0, 0]);
    await service.broker.publish([late, messageOf(newRun, payment())]);
    await eventually(async () => (await service.count('transfer')) === 1 && (await parked()).length > 0);
    expect(await service.left()).toBe(0);
    expect(await parked()).toEqual([{ message_id: late.messageId, reason: 'other-run' }]);
    runId = newRun;
  });

  it('consumes nothing when its database answers only as it is stopping', async () => {
    const late = new PaymentsConsumer(
      service.app.get(DataSource, { strict: false }),
      service.app.get(LEDGER_SETTINGS, { strict: false }),
      new EndToEndTimes(),
    );
    await late.onModuleDestroy();
    late.start(4);
    expect(await late.deadLettersInBroker()).toBeNull();
    expect(late.state).toEqual({ kind: 'waiting', cause: 'the database has not answered yet' });
  });

  it('refuses a reset that names no run, and a crash point that does not exist', async () => {
    expect((await service.ask('POST', '/lab/reset', {})).status).toBe(422);
    expect((await service.ask('POST', '/lab/crash', { point: 'ledger.never' })).status).toBe(422);
    expect(faultPoints).toContain('ledger.after-ack');
  });
});
