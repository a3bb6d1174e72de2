import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery } from '@paid-once/broker';
import { emptyTally } from '@paid-once/inbox';
import type { DataSource } from 'typeorm';
import { eventually } from '../../test/eventually.js';
import { LedgerRig } from '../../test/ledger-rig.js';
import { PostOnArrival } from './post-on-arrival.js';

describe('posting on arrival', () => {
  let rig: LedgerRig;
  let database: DataSource;
  let posting: PostOnArrival;
  let deliver: (...names: string[]) => void;
  let subscribed: boolean;
  let begun: string[];
  let ended: string[];
  /** What is begun ends when this is called. */
  let letGo: () => void;

  beforeAll(async () => {
    rig = await LedgerRig.create({ lab: true });
    database = await rig.open(); // with 8 connections
  });
  afterAll(() => rig.drop());
  beforeEach(() => {
    [begun, ended, subscribed] = [[], [], false];
    const { promise: gate, resolve } = Promise.withResolvers<void>();
    letGo = resolve;
    posting = new PostOnArrival({
      database,
      subscribe: (onDelivery) => {
        deliver = (...names) => {
          for (const name of names) onDelivery(deliveryOf(name));
        };
        return {
          state: { kind: 'consuming', queues: ['queue.0'] },
          resume: () => (subscribed = true),
          pause: async () => {
            subscribed = false;
            deliver('on its way'); // what the broker had sent before it knew
          },
          purge: async () => {},
          close: async () => void (subscribed = false),
        };
      },
      handle: async (_tx, [delivery]) => {
        begun.push(delivery?.messageId ?? '');
        await gate;
        ended.push(delivery?.messageId ?? '');
        return { ...emptyTally(), done: 1 };
      },
    });
  });

  const names = (count: number) => Array.from({ length: count }, (_, n) => `m${n}`);

  it('has as many in flight as there are connections but one, and then all others', async () => {
    posting.receive();
    expect(subscribed).toBe(true);
    deliver(...names(30));
    await eventually(() => begun.length === 7);
    letGo();
    await posting.rest();
    expect(ended).toHaveLength(30);
    expect(posting.counts).toMatchObject({ batches: 30, done: 30 });
  });

  it('held, ends what it has begun and begins nothing more; then goes on with what it had, and what came late', async () => {
    posting.receive();
    deliver(...names(10));
    await eventually(() => begun.length === 7);
    const held = posting.hold();
    letGo();
    await held;
    expect([subscribed, ended.length, begun.length]).toEqual([false, 7, 7]);
    posting.finish();
    await posting.rest();
    expect(ended.toSorted()).toEqual([...names(10), 'on its way'].toSorted());
  });

  it('forgets in a purge what it had received: a reset would post it otherwise', async () => {
    posting.receive();
    deliver(...names(10));
    await eventually(() => begun.length === 7);
    const held = posting.hold();
    letGo();
    await held;
    await posting.purge();
    posting.receive();
    deliver('after the reset');
    await posting.rest();
    expect(ended.slice(7)).toEqual(['after the reset']);
  });
});

function deliveryOf(messageId: string): Delivery {
  return {
    queue: 'queue.0',
    deliveryTag: 1,
    messageId,
    headers: {},
    body: Buffer.alloc(0),
    redelivered: false,
    deliveryCount: 0,
  };
}
