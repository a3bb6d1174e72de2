import type { ExamplesOf } from '@paid-once/service';
import type { StatusController } from './status.controller.js';

const earlier = new Date('2026-01-01T00:00:00.000Z');
const refused = 'connect ECONNREFUSED 127.0.0.1:5672';

const shard = {
  shard: 0,
  pending: 3,
  oldestSeconds: 0.25,
  progressSeconds: 1.5,
  deadLetters: 0,
  owner: 4_711,
};

export const status = {
  publishing: {
    ownedShards: [0],
    published: 1_200,
    broker: { kind: 'up' },
    outbox: { shards: [shard], openTransactionSeconds: 0.5, pending: 3, oldestSeconds: 0.25, deadLetters: 0 },
    retention: {
      lastRunAt: earlier.toISOString(),
      removed: { messages: 1_000, progress: 250, markers: 4 },
      oldest: earlier.toISOString(),
      failure: null,
    },
    repair: {
      every: 60,
      lastVerifiedAt: earlier,
      missingFound: 0,
      waitingFor: null,
      shards: [{ shard: 0, verifiedSeconds: 12.5 }],
    },
  },
  'nothing waits': {
    ownedShards: [],
    published: 0,
    broker: { kind: 'blocked', reason: 'low on disk' },
    outbox: {
      shards: [{ ...shard, pending: 0, oldestSeconds: null, owner: null }],
      openTransactionSeconds: null,
      pending: 0,
      oldestSeconds: null,
      deadLetters: 0,
    },
    retention: { lastRunAt: null, removed: {}, oldest: null, failure: 'the database cannot be reached' },
    repair: {
      every: 60,
      lastVerifiedAt: null,
      missingFound: 0,
      waitingFor: 'shard 0: the marker to reach the ledger',
      shards: [{ shard: 0, verifiedSeconds: null }],
    },
  },
  'nobody answers': {
    ownedShards: [],
    published: 0,
    broker: { kind: 'down', cause: refused },
    outbox: null,
    retention: null,
    repair: { every: 0, lastVerifiedAt: null, missingFound: 0, waitingFor: null, shards: [] },
  },
} satisfies ExamplesOf<StatusController, 'status'>;
