import { faultsOn } from '@paid-once/links';
import { conditionOf } from '../faults/words.js';
import { sumOfMoney } from '../output/sums.js';
import { age, counted, money } from '../output/words.js';
import type { RelayStatus } from '../relay-status.js';
import type { Parts } from './parts.js';

/** Something that is not as it should be. */
export interface Attention {
  /** Whether it goes away by itself once its cause is gone; else a person decides. */
  byItself: boolean;
  /** Since when, in seconds; null when nobody knows. */
  seconds: number | null;
  says: string;
  /** What helps, if a command does. */
  command?: string;
}

/** What waits for a shorter time, in seconds, is on its way. */
const usual = 10;
/** A transaction of the payments database that lasts longer, in seconds, was forgotten, or should be cut into portions. */
const longTransaction = 60;

/** All that is not as it should be, with its age, in the order in which money passes. */
export function attentionIn(parts: Parts, now = new Date()): Attention[] {
  const outbox = parts.outbox.value;
  return [
    ...brokenLinks(parts, now),
    ...(outbox
      ? [
          ...stuckShards(outbox),
          ...waitingOutbox(outbox),
          ...openTransaction(outbox),
          ...repairState(outbox, now),
        ]
      : []),
    ...openInterventions(parts, now),
    ...stuckMessages(parts),
    ...ledgerStalled(parts, now),
    ...stalledBridge(parts),
    ...failingRetention(parts),
  ];
}

function brokenLinks({ links }: Parts, now: Date): Attention[] {
  return (links.value ?? []).flatMap((link) => {
    const troubles = faultsOn(link);
    if (troubles.length === 0) return [];
    const [since] = troubles.flatMap((trouble) => trouble.since ?? []);
    return {
      byItself: true,
      seconds: since ? secondsSince(since, now) : null,
      says: `link ${link.name}: ${conditionOf(link, now)}`,
      command: `npx paid-once heal ${link.name}`,
    };
  });
}

function stuckShards({ shards, trouble }: RelayStatus): Attention[] {
  return shards.flatMap(({ shard, owner, pending, oldestSeconds, progressSeconds }) => {
    const waits = `${counted(pending, 'message')} in it, the oldest for ${age(oldestSeconds ?? 0)}`;
    if (owner === null)
      return {
        byItself: true,
        seconds: oldestSeconds,
        says: `shard ${shard} has no owner: no relay publishes it; ${pending === 0 ? 'nothing waits in it' : waits}`,
      };
    // What keeps all of them from moving is told once, with its cause.
    if (trouble === undefined && pending > 0 && progressSeconds > usual && (oldestSeconds ?? 0) > usual)
      return {
        byItself: true,
        seconds: progressSeconds,
        says: `shard ${shard} has not moved for ${age(progressSeconds)}: ${waits}`,
      };
    return [];
  });
}

function waitingOutbox({ pending, oldestSeconds, trouble }: RelayStatus): Attention[] {
  if (trouble === undefined && oldestSeconds <= usual) return [];
  const waits = pending === 0 ? 'the outbox is empty' : `${counted(pending, 'message')} safe in the outbox`;
  const why = trouble === undefined ? 'the outbox is behind' : `nothing is published, ${trouble}`;
  return [
    {
      byItself: true,
      seconds: oldestSeconds,
      says: `${why}: ${waits}, the oldest for ${age(oldestSeconds)}`,
    },
  ];
}

function openTransaction({ openTransactionSeconds }: RelayStatus): Attention[] {
  if (!openTransactionSeconds || openTransactionSeconds < longTransaction) return [];
  const says = `a transaction in the payments database is open for at least ${age(openTransactionSeconds)}: what it writes is not seen before its end`;
  return [{ byItself: true, seconds: openTransactionSeconds, says }];
}

function repairState({ repair }: RelayStatus, now: Date): Attention[] {
  if (repair === undefined) return [];
  const { every, lastVerifiedAt, missingFound, waitingFor, shards } = repair;
  if (every === 0)
    return [
      {
        byItself: false,
        seconds: null,
        says: 'repair is off: what RabbitMQ loses after confirming it is not published again by itself',
        command: 'npx paid-once replay --missing --why TEXT',
      },
    ];
  const verified = shards.flatMap(({ verifiedSeconds }) => verifiedSeconds ?? []);
  const oldest = Math.max(0, ...verified);
  const late = oldest > 2 * every + usual;
  const last =
    lastVerifiedAt === null
      ? 'nothing verified yet'
      : `last verified ${age(secondsSince(new Date(lastVerifiedAt), now))} ago`;
  return [
    ...(late || (verified.length === 0 && waitingFor !== null)
      ? [
          {
            byItself: true,
            seconds: late ? oldest : null,
            says: `repair waits: ${waitingFor ?? 'for the ledger'}; ${last}`,
          },
        ]
      : []),
    ...(missingFound > 0
      ? [
          {
            byItself: true,
            seconds: null,
            says: `repair found ${counted(missingFound, 'message')} that RabbitMQ had confirmed and lost, and had them published again`,
          },
        ]
      : []),
  ];
}

function openInterventions({ interventions }: Parts, now: Date): Attention[] {
  const { open = 0, items = [] } = interventions.value ?? {};
  const seen = items.filter(({ finishedAt }) => finishedAt === null);
  const oldest = seen.toSorted((a, b) => Date.parse(a.requestedAt) - Date.parse(b.requestedAt))[0];
  if (open === 0 || oldest === undefined) return [];
  const seconds = secondsSince(new Date(oldest.requestedAt), now);
  const { kind, by, why } = oldest;
  const what = `${counted(open, 'intervention')} open, the oldest for ${age(seconds)}: ${kind} by ${by}, ${why}`;
  return [{ byItself: true, seconds, says: what }];
}

function stuckMessages({ dead }: Parts): Attention[] {
  const sides = { outbox: 'dead in the outbox', ledger: 'parked at the ledger' };
  return (['outbox', 'ledger'] as const).flatMap((side) => {
    const groups = (dead.value ?? []).filter((group) => group.side === side);
    if (groups.length === 0) return [];
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    const seconds = Math.max(...groups.map(({ oldestSeconds }) => oldestSeconds));
    const reasons = [...new Set(groups.map(({ reason }) => reason))].join(', ');
    const total = money(sumOfMoney(groups.map(({ totals }) => totals)));
    return {
      byItself: groups.every(({ reason }) => reason === 'waiting-for'),
      seconds,
      says: `${counted(count, 'message')} (${total}) ${sides[side]}, the oldest for ${age(seconds)}: ${reasons}`,
      command: 'npx paid-once dead list',
    };
  });
}

function ledgerStalled({ consumer }: Parts, now: Date): Attention[] {
  const state = consumer.value?.consumer;
  if (state === undefined || state.kind === 'consuming') return [];
  const stalledSince = consumer.value?.stalledSince;
  const seconds = stalledSince ? secondsSince(new Date(stalledSince), now) : null;
  const since = seconds === null ? '' : ` for ${age(seconds)}`;
  return [
    {
      byItself: true,
      seconds,
      says: `the ledger posts nothing${since}: ${state.cause ?? state.kind}; RabbitMQ keeps it`,
    },
  ];
}

function stalledBridge({ consumer }: Parts): Attention[] {
  const { waitingFor, seconds = null } = consumer.value?.deadLetterBridge ?? {};
  if (!waitingFor) return [];
  const since = seconds === null ? '' : ` for ${age(seconds)}`;
  return [
    {
      byItself: true,
      seconds,
      says: `what RabbitMQ has dead-lettered cannot be fetched${since}: ${waitingFor}; RabbitMQ keeps it`,
    },
  ];
}

function failingRetention({ outbox, consumer }: Parts): Attention[] {
  const failures = {
    'the outbox': outbox.value?.retention?.failure,
    'the inbox': consumer.value?.retention?.failure,
  };
  return Object.entries(failures).flatMap(([where, failure]) =>
    failure ? { byItself: true, seconds: null, says: `${where} is not cleared of old rows: ${failure}` } : [],
  );
}

/** Clocks of two machines may differ a little. */
function secondsSince(then: Date, now: Date): number {
  return Math.max(0, (now.getTime() - then.getTime()) / 1_000);
}
