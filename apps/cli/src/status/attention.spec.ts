import { describe, expect, it } from '@jest/globals';
import type { LinkState } from '@paid-once/links';
import type { RelayStatus } from '../relay-status.js';
import { attentionIn } from './attention.js';
import type { Parts } from './parts.js';

const now = new Date('2026-11-22T10:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000).toISOString();

const shard = { shard: 2, pending: 0, oldestSeconds: null, progressSeconds: 900, owner: 4711 };
const repair = {
  every: 60,
  lastVerifiedAt: ago(30),
  missingFound: 0,
  waitingFor: null,
  shards: [{ shard: 2, verifiedSeconds: 30 }],
};
const relay: RelayStatus = {
  pending: 0,
  oldestSeconds: 0,
  deadLetters: 0,
  published: 7,
  trouble: undefined,
  shards: [shard],
  repair,
  retention: { lastRunAt: ago(1), failure: null },
};
const asked = {
  id: '1',
  kind: 'replay',
  shard: 0,
  by: 'ann',
  why: 'disk lost',
  messages: 3,
  failure: null,
  finishedAt: null,
} as const;
const asItShouldBe: Parts = {
  payments: { value: { count: 7, totals: { EUR: '7.00' }, reversals: 0 } },
  outbox: { value: relay },
  ledger: { value: { count: 7, totals: { EUR: '7.00' }, reversals: 0 } },
  consumer: { value: { consumer: { kind: 'consuming' } } },
  parked: { value: { count: 0 } },
  links: { value: [{ name: 'payment', listen: '', upstream: '', enabled: true, toxics: [] }] },
  interventions: { value: { open: 0, items: [] } },
  dead: { value: [] },
};
const withRelay = (changed: Partial<RelayStatus>): Parts => ({
  ...asItShouldBe,
  outbox: { value: { ...relay, ...changed } },
});
const says = (parts: Parts) => attentionIn(parts, now).map((each) => each.says);

describe('what is not as it should be', () => {
  it('is nothing while all is well, however long an idle shard has not moved', () =>
    expect(attentionIn(asItShouldBe, now)).toEqual([]));

  it('has an age: everything stuck is shown with since when', () => {
    const cut = { name: 'cut.0@' + String(now.getTime() / 1_000 - 42), type: 'noop' };
    const stuck: Parts = {
      ...withRelay({
        pending: 14,
        oldestSeconds: 182,
        trouble: 'RabbitMQ is down: ECONNREFUSED',
        shards: [{ ...shard, pending: 14, oldestSeconds: 182, owner: null }],
        repair: {
          ...repair,
          shards: [30, 400].map((verifiedSeconds, shard) => ({ shard, verifiedSeconds })),
          waitingFor: 'shard 2: its marker to be published',
        },
      }),
      consumer: { value: { consumer: { kind: 'waiting', cause: 'ECONNREFUSED' }, stalledSince: ago(75) } },
      links: {
        value: [
          {
            name: 'relay-rabbitmq',
            listen: '',
            upstream: '',
            enabled: false,
            toxics: [cut],
          } as unknown as LinkState,
        ],
      },
      // Never the first one that is named: each time it is the oldest that counts, and of what is still open.
      interventions: {
        value: {
          open: 2,
          items: [
            { ...asked, why: 'later', requestedAt: ago(5) },
            { ...asked, requestedAt: ago(40) },
            { ...asked, why: 'long ago', requestedAt: ago(9_000), finishedAt: ago(8_000) },
          ],
        },
      },
      dead: {
        value: (['outbox', 'ledger'] as const).flatMap((side) =>
          [60, 7_500].map((oldestSeconds) => ({
            side,
            reason: 'invalid',
            type: null,
            count: 3,
            totals: { EUR: '3.00' },
            firstSeen: ago(oldestSeconds),
            lastSeen: ago(60),
            oldestSeconds,
          })),
        ),
      },
    };
    expect(attentionIn(stuck, now).map(({ seconds }) => seconds)).toEqual([
      42, 182, 182, 400, 40, 7_500, 7_500, 75,
    ]);
    expect(says(stuck)).toEqual([
      'link relay-rabbitmq: cut, since 42 s',
      'shard 2 has no owner: no relay publishes it; 14 messages in it, the oldest for 3 min 2 s',
      'nothing is published, RabbitMQ is down: ECONNREFUSED: 14 messages safe in the outbox, the oldest for 3 min 2 s',
      'repair waits: shard 2: its marker to be published; last verified 30 s ago',
      '2 interventions open, the oldest for 40 s: replay by ann, disk lost',
      '6 messages (EUR 6.00) dead in the outbox, the oldest for 2 h 5 min: invalid',
      '6 messages (EUR 6.00) parked at the ledger, the oldest for 2 h 5 min: invalid',
      'the ledger posts nothing for 1 min 15 s: ECONNREFUSED; RabbitMQ keeps it',
    ]);
  });
  it('tells a shard that nobody owns, also while nothing waits in it', () =>
    expect(says(withRelay({ shards: [{ ...shard, owner: null }] }))).toEqual([
      'shard 2 has no owner: no relay publishes it; nothing waits in it',
    ]));
  it('tells a shard that has work and does not move', () => {
    const moved = { ...shard, pending: 3, oldestSeconds: 40, progressSeconds: 2 };
    expect(says(withRelay({ shards: [moved] }))).toEqual([]);
    expect(says(withRelay({ shards: [{ ...moved, progressSeconds: 40 }] }))).toEqual([
      'shard 2 has not moved for 40 s: 3 messages in it, the oldest for 40 s',
    ]);
  });
  it('needs a person for what is stuck for good, not for a reversal that waits', () => {
    const group = {
      side: 'ledger',
      type: null,
      count: 1,
      totals: {},
      firstSeen: ago(9),
      lastSeen: ago(9),
      oldestSeconds: 9,
    } as const;
    const byItself = (reason: string) =>
      attentionIn({ ...asItShouldBe, dead: { value: [{ ...group, reason }] } }, now)[0]?.byItself;
    expect([byItself('poison'), byItself('waiting-for')]).toEqual([false, true]);
  });
  it.each([
    ['off', { every: 0 }, 'repair is off'],
    [
      'found what RabbitMQ lost',
      { missingFound: 12 },
      'repair found 12 messages that RabbitMQ had confirmed and lost',
    ],
    [
      'has verified nothing yet',
      { shards: [], lastVerifiedAt: null, waitingFor: 'x' },
      'repair waits: x; nothing verified yet',
    ],
  ])('tells that repair is or has: %s', (_state, changed, said) =>
    expect(says(withRelay({ repair: { ...repair, ...changed } }))[0]).toContain(said),
  );
  it('tells a transaction that is open for long', () =>
    expect(says(withRelay({ openTransactionSeconds: 7_500 }))[0]).toContain(
      'is open for at least 2 h 5 min',
    ));
  it('tells that what RabbitMQ has dead-lettered cannot be fetched, and for how long', () => {
    const bridge = (deadLetterBridge: { waitingFor: string | null; seconds: number | null }) =>
      says({ ...asItShouldBe, consumer: { value: { consumer: { kind: 'consuming' }, deadLetterBridge } } });
    expect(bridge({ waitingFor: null, seconds: null })).toEqual([]);
    expect(bridge({ waitingFor: 'there is no such queue', seconds: 75 })).toEqual([
      'what RabbitMQ has dead-lettered cannot be fetched for 1 min 15 s: there is no such queue; RabbitMQ keeps it',
    ]);
  });
  it('tells that old rows are not removed', () =>
    expect(says(withRelay({ retention: { lastRunAt: null, failure: 'permission denied' } }))).toEqual([
      'the outbox is not cleared of old rows: permission denied',
    ]));
});
