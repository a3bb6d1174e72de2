import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '@paid-once/broker';
import type { DataSource, EntityManager } from 'typeorm';
import { BatchConsumer, type BatchStep } from '../batch-consumer.js';
import { bodyHash, once } from '../once.js';
import type { Tally } from '../tally.js';
import { eventually } from './eventually.js';
import { FakeSubscription } from './fake-subscription.js';
import { Link } from './link.js';
import { ScratchDatabase } from './scratch-database.js';

describe('the batch consumer', () => {
  let scratch: ScratchDatabase;
  let direct: DataSource;
  let link: Link;
  let linked: DataSource;
  const consumers: BatchConsumer[] = [];

  beforeAll(async () => {
    scratch = await ScratchDatabase.create();
    direct = await scratch.open();
    await direct.query('CREATE TABLE effect (position bigint GENERATED ALWAYS AS IDENTITY, message_id uuid)');
    const { hostname, port } = new URL(scratch.url);
    link = await Link.to(hostname, Number(port));
    linked = await scratch.open(link.through(scratch.url));
  });
  afterAll(async () => {
    await scratch.drop();
    await link.close();
  });
  beforeEach(() => direct.query('TRUNCATE effect, inbox_message, parked_message, started_attempt'));
  afterEach(async () => {
    link.heal();
    await Promise.all(consumers.splice(0).map((consumer) => consumer.close()));
  });

  const uuid = (n: number) => `0192d3a0-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
  const messages = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, n) => ({ messageId: uuid(from + n), body: 'good' }));
  const effects = async () =>
    (await direct.query<{ message_id: string }[]>('SELECT message_id FROM effect ORDER BY position')).map(
      (row) => row.message_id,
    );
  const parked = () => direct.query<unknown[]>('SELECT message_id, reason FROM parked_message ORDER BY id');

  async function takeEffect(tx: EntityManager, deliveries: Delivery[]): Promise<Tally> {
    const all = deliveries.map(({ messageId = '', body }) => ({
      messageId,
      bodyHash: bodyHash(body),
      run: scratch.runId,
      body,
    }));
    const { fresh, repeated } = await once(tx, all);
    for (const { messageId, body } of fresh) {
      if (body.equals(Buffer.from('bad'))) await tx.query('SELECT 1 / 0');
      if (body.equals(Buffer.from('deep'))) await tx.query(`SELECT repeat('[', 100000)::jsonb`);
      if (body.equals(Buffer.from('bug'))) throw new TypeError('undefined is not a function');
      await tx.query('INSERT INTO effect (message_id) VALUES ($1)', [messageId]);
    }
    return { done: fresh.length, repeated: { message: repeated.length }, parked: {} };
  }

  /** A fault of the moment: whoever waits for a lock gives up in the end. */
  const isLocked = (): Promise<Tally> =>
    direct.query(`DO $$ BEGIN RAISE EXCEPTION 'locked' USING ERRCODE = '55P03'; END $$`);

  function consume(options: Partial<ConstructorParameters<typeof BatchConsumer>[0]> = {}) {
    const { database = direct, lock = async () => {}, handle = takeEffect, onStep = () => {} } = options;
    const subscriptions: FakeSubscription[] = [];
    const subscribe = (listener: ConstructorParameters<typeof FakeSubscription>[0]) => {
      const subscription = new FakeSubscription(listener);
      subscriptions.push(subscription);
      return subscription;
    };
    const about = ({ messageId }: Delivery) => ({ messageId });
    const consumer = new BatchConsumer({ database, subscribe, maxBatch: 500, lock, handle, about, onStep });
    consumers.push(consumer);
    const [subscription] = subscriptions;
    if (!subscription) throw new Error('Bug: it did not subscribe');
    return {
      consumer,
      subscription,
      deliver: (list: Parameters<FakeSubscription['deliver']>[0]) => subscription.deliver(list, {}),
    };
  }

  it('takes a message alone at once, and after many collects those that follow into one batch', async () => {
    const { consumer, subscription, deliver } = consume();
    deliver(messages(1, 1));
    await eventually(() => subscription.acks.length === 1);
    deliver(messages(2, 200));
    await eventually(() => subscription.acks.length === 2);
    for (let next = 201; next <= 220; next++) {
      deliver(messages(next, next));
      await setImmediate();
    }
    await eventually(() => subscription.acks.at(-1) === 220);
    expect(subscription.acks).toEqual([1, 200, 220]);
    expect(consumer.counts).toMatchObject({ batches: 3, done: 220 });
  });

  it('acknowledges a batch with one ack, only after its commit', async () => {
    const committedWhenAcked: number[] = [];
    const { subscription, deliver } = consume({
      onStep: (step) => void (step === 'after-commit' && committedWhenAcked.push(subscription.acks.length)),
    });
    deliver(messages(1, 100));
    await eventually(() => subscription.acks.length > 0);
    expect(subscription.acks).toEqual([100]);
    expect(committedWhenAcked).toEqual([0]);
    expect(await effects()).toHaveLength(100);
  });

  it.each([
    ['bad', 'invalid'],
    ['deep', 'invalid'],
    ['bug', 'poison'],
  ])(
    'F4: parks a %s message among 100 alone as %s: the others take effect in order, all are acknowledged',
    async (body, reason) => {
      const { consumer, subscription, deliver } = consume();
      const all = messages(1, 100).map((message, n) => (n === 41 ? { ...message, body } : message));
      deliver(all);
      await eventually(() => subscription.acks.at(-1) === 100);
      expect(subscription.acks).toEqual(subscription.acks.toSorted((a, b) => a - b));
      expect(await effects()).toEqual(
        all.filter((message) => message.body === 'good').map(({ messageId }) => messageId),
      );
      expect(await parked()).toEqual([{ message_id: uuid(42), reason }]);
      expect(consumer.counts).toMatchObject({ done: 99, parked: { [reason]: 1 } });
    },
  );

  it('G1: keeps its deliveries while the database is away, without an ack, and goes on by itself', async () => {
    const { consumer, subscription, deliver } = consume({ database: linked });
    link.cut();
    deliver(messages(1, 50));
    await eventually(() => consumer.state.kind === 'waiting');
    deliver(messages(51, 60));
    expect(subscription.acks).toEqual([]);
    link.heal();
    await eventually(() => subscription.acks.at(-1) === 60);
    expect(await effects()).toEqual(messages(1, 60).map(({ messageId }) => messageId));
    expect(consumer.state.kind).toBe('consuming');
    expect(await parked()).toEqual([]);
  });

  it('G2: tries again when the answer to COMMIT was lost: nothing is acknowledged untried, nothing takes effect twice', async () => {
    const steps: BatchStep[] = [];
    let lost = false;
    const handle: typeof takeEffect = async (tx, deliveries) => {
      const tally = await takeEffect(tx, deliveries);
      if (!lost) link.loseNextAnswer();
      lost = true;
      return tally;
    };
    const { consumer, subscription, deliver } = consume({
      database: linked,
      handle,
      onStep: (step) => steps.push(step),
    });
    deliver(messages(1, 10));
    await eventually(() => subscription.acks.length > 0);
    expect(steps).toEqual(['before-transaction', 'before-transaction', 'after-commit', 'after-ack']);
    expect(await effects()).toHaveLength(10);
    expect(consumer.counts).toMatchObject({ done: 0, repeated: { message: 10 } });
  });

  it('F1: parks a message that five processes died of, alone, and its neighbours take effect', async () => {
    const suspicious = messages(1, 3).map((message) => ({ ...message, deliveryCount: 3 }));
    const dies = async (tx: EntityManager, deliveries: Delivery[]): Promise<Tally> => {
      if (deliveries.some(({ messageId }) => messageId === uuid(2))) return await new Promise(() => {});
      return await takeEffect(tx, deliveries);
    };
    for (let process = 1; process <= 5; process++) {
      const { deliver } = consume({ handle: dies });
      consumers.pop(); // it never comes to an end, like a process that was killed
      deliver(suspicious);
      const starts = () =>
        direct.query<unknown[]>('SELECT FROM started_attempt WHERE starts = $1', [process]);
      await eventually(async () => (await starts()).length === 1);
    }
    const { subscription, deliver } = consume({ handle: dies });
    deliver(suspicious);
    await eventually(() => subscription.acks.at(-1) === 3);
    expect(await parked()).toEqual([{ message_id: uuid(2), reason: 'poison' }]);
    expect(await effects()).toEqual([uuid(1), uuid(3)]);
    expect(await direct.query('SELECT FROM started_attempt')).toEqual([]);
  });

  it('F1: does not take for deaths that processes were stopped while a message could not take effect', async () => {
    const suspicious = messages(1, 1).map((message) => ({ ...message, deliveryCount: 3 }));
    for (let process = 1; process <= 9; process++) {
      const { consumer, subscription, deliver } = consume({ handle: isLocked });
      deliver(suspicious);
      await eventually(() => consumer.state.kind === 'waiting' || subscription.acks.length > 0);
      await consumer.close();
      expect(await parked()).toEqual([]);
    }
    expect(await direct.query('SELECT FROM started_attempt')).toEqual([]);
  });

  it('F1: does not take for deaths that processes which live hand a message to each other', async () => {
    const suspicious = messages(1, 1).map((message) => ({ ...message, deliveryCount: 50 }));
    const inHand = [0, 0];
    const two = inHand.map((_, n) =>
      consume({ handle: () => isLocked().finally(() => (inHand[n] = (inHand[n] ?? 0) + 1)) }),
    );
    for (let turn = 0; turn < 12; turn++) {
      const before = inHand[turn % 2] ?? 0;
      two[turn % 2]?.deliver(suspicious);
      await eventually(async () => (inHand[turn % 2] ?? 0) > before || (await parked()).length > 0);
      expect(await parked()).toEqual([]);
      two[turn % 2]?.subscription.lose();
    }
  });

  it('F1: counts the death of a process that saw the message fail before', async () => {
    let tries = 0;
    const handle = () => (++tries === 1 ? isLocked() : new Promise<Tally>(() => {}));
    const { deliver } = consume({ database: await scratch.open(), handle });
    consumers.pop(); // it never comes to an end, like a process that was killed
    deliver(messages(1, 1).map((message) => ({ ...message, deliveryCount: 3 })));
    await eventually(() => tries === 2);
    expect(await direct.query('SELECT starts FROM started_attempt')).toEqual([{ starts: 1 }]);
  });

  it('does not park a message that takes effect by another process at the same time', async () => {
    const other = direct.createQueryRunner();
    await other.startTransaction();
    await other.query('SELECT pg_advisory_xact_lock(1)');
    const bad = { messageId: uuid(1), body: 'bug' };
    const { subscription, deliver } = consume({
      lock: (tx) => tx.query('SELECT pg_advisory_xact_lock(1)'),
      handle: () => Promise.reject(new TypeError('undefined is not a function')),
    });
    deliver([bad]);
    const waiting = () =>
      direct.query<unknown[]>(
        `SELECT FROM pg_locks JOIN pg_database ON oid = database
          WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
      );
    await eventually(async () => (await waiting()).length > 0 || subscription.acks.length > 0);
    await once(other.manager, [
      { messageId: bad.messageId, bodyHash: bodyHash(Buffer.from(bad.body)), run: scratch.runId },
    ]);
    await other.commitTransaction();
    await other.release();
    await eventually(() => subscription.acks.length > 0);
    expect(await parked()).toEqual([]);
  });

  it('F3: does not suspect messages of a link that flaps under a process that lives: they stay in one batch', async () => {
    const { subscription, deliver } = consume();
    for (let cut = 1; cut <= 20; cut++) subscription.lose();
    deliver(messages(1, 100).map((message) => ({ ...message, deliveryCount: 20 })));
    await eventually(() => subscription.acks.length > 0);
    expect(subscription.acks).toEqual([100]);
  });

  it('G3: does not take a message for poison because the database went away under it, however often', async () => {
    const suspicious = messages(1, 1).map((message) => ({ ...message, deliveryCount: 9 }));
    let tries = 0;
    const handle: typeof takeEffect = async (tx, deliveries) => {
      if (++tries <= 8) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      return await takeEffect(tx, deliveries);
    };
    const { subscription, deliver } = consume({ handle });
    deliver(suspicious);
    await eventually(() => subscription.acks.length > 0, 20_000);
    expect(await parked()).toEqual([]);
    expect(await effects()).toEqual([uuid(1)]);
  });

  it('G3: does not take messages for poison because their connection died between two statements', async () => {
    let tries = 0;
    const handle: typeof takeEffect = async (tx, deliveries) => {
      if (++tries === 1) {
        const [row] = await tx.query<{ pid: number }[]>('SELECT pg_backend_pid() AS pid');
        await direct.query('SELECT pg_terminate_backend($1)', [row?.pid]);
        await eventually(() => tx.queryRunner?.isReleased === true);
      }
      return await takeEffect(tx, deliveries);
    };
    const { subscription, deliver } = consume({ database: linked, handle });
    deliver(messages(1, 5));
    await eventually(() => subscription.acks.at(-1) === 5);
    expect(tries).toBe(2);
    expect(await parked()).toEqual([]);
    expect(await effects()).toHaveLength(5);
  });

  it('F3: forgets what it has not begun when the channel is lost, and settles what comes again once', async () => {
    const inHand = Promise.withResolvers<void>();
    let begun = 0;
    const handle: typeof takeEffect = async (tx, deliveries) => {
      begun += deliveries.length;
      if (begun === 1) await inHand.promise;
      return await takeEffect(tx, deliveries);
    };
    const { subscription, deliver } = consume({ handle });
    deliver(messages(1, 1));
    await eventually(() => begun === 1);
    deliver(messages(2, 20));
    subscription.lose();
    deliver(messages(1, 20));
    inHand.resolve();
    await eventually(() => subscription.acks.at(-1) === 20);
    expect(begun).toBe(21);
    expect(await effects()).toEqual(messages(1, 20).map(({ messageId }) => messageId));
  });

  it('stops by settling the batch in hand and beginning no other, then closes the channel', async () => {
    const inHand = Promise.withResolvers<void>();
    const handle: typeof takeEffect = async (tx, deliveries) => {
      await inHand.promise;
      return await takeEffect(tx, deliveries);
    };
    const steps: string[] = [];
    const { consumer, subscription, deliver } = consume({ handle, onStep: (step) => steps.push(step) });
    deliver(messages(1, 3));
    await eventually(() => steps.length === 1);
    deliver(messages(4, 9));
    const closing = consumer.close();
    expect(subscription.closed).toBe(false);
    inHand.resolve();
    await closing;
    expect(subscription.closed).toBe(true);
    expect(subscription.acks).toEqual([3]);
    expect(await effects()).toEqual(messages(1, 3).map(({ messageId }) => messageId));
  });

  it('gives deliveries up, unacknowledged, when it is stopped while the database is away', async () => {
    const { consumer, subscription, deliver } = consume({ database: linked });
    link.cut();
    deliver(messages(1, 5));
    await eventually(() => consumer.state.kind === 'waiting');
    await consumer.close();
    expect(subscription.acks).toEqual([]);
  });
});
