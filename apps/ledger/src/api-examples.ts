import type { Station } from '@paid-once/compare';
import type { ExamplesOf } from '@paid-once/service';
import type { ChainController } from './chain.controller.js';
import type { CompareController } from './compare.controller.js';
import type { InboxController } from './inbox.controller.js';
import type { LedgerController } from './ledger.controller.js';
import type { ParkedController } from './parked.controller.js';
import type { StatusController } from './status.controller.js';

// One payment of EUR 1.00 from bianca to marc, its reversal, and what may become of their messages.
const paymentId = '01920000-0000-7000-8000-000000000001';
const messageId = '01920000-0000-7000-8000-000000000101';
const reversalMessageId = '01920000-0000-7000-8000-000000000102';
/** Whoever sends may call a message anything: what is parked has no id, or one that is none. */
const noMessageId = 'rent-of-january';
const earlier = new Date('2026-01-01T00:00:00.000Z');
const later = new Date('2026-01-01T00:05:00.000Z');
const ann = { by: 'ann', why: 'the currency is known since this release' };

const bianca = {
  name: 'bianca',
  balances: [{ currency: 'EUR', debits: '1.00', credits: '0.00', balance: '-1.00' }],
};
const marc = {
  name: 'marc',
  balances: [{ currency: 'EUR', debits: '0.00', credits: '1.00', balance: '1.00' }],
};

export const accounts = {
  page: { items: [bianca, marc], next: 'marc' },
  last: { items: [], next: null },
} satisfies ExamplesOf<LedgerController, 'accounts'>;

export const account = { marc } satisfies ExamplesOf<LedgerController, 'account'>;

const transfer = { paymentId, amount: '1.00', currency: 'EUR' };

export const transfers = {
  reversed: {
    items: [
      {
        ...transfer,
        id: '1',
        kind: 'payment',
        debitAccount: 'bianca',
        creditAccount: 'marc',
        reference: 'rent',
        messageId,
        postedAt: earlier.toISOString(),
      },
      {
        ...transfer,
        id: '2',
        kind: 'reversal',
        debitAccount: 'marc',
        creditAccount: 'bianca',
        reference: null,
        messageId: reversalMessageId,
        postedAt: later.toISOString(),
      },
    ],
  },
} satisfies ExamplesOf<LedgerController, 'transfers'>;

const posted: Station = {
  type: 'payment.accepted',
  station: 'posted',
  reason: null,
  paymentId,
  messageId,
  since: earlier.toISOString(),
  droppedBy: null,
  droppedWhy: null,
};

export const stations = {
  posted: [posted],
  dropped: [
    {
      ...posted,
      station: 'parked',
      reason: 'invalid',
      droppedBy: ann.by,
      droppedWhy: 'it was paid otherwise',
    },
  ],
  'without a good message id': [
    { ...posted, station: 'parked', reason: 'no-identity', messageId: noMessageId },
    { ...posted, station: 'parked', reason: 'no-identity', messageId: null },
  ],
} satisfies ExamplesOf<CompareController, 'stations'>;

export const heads = {
  'of one shard': {
    shards: 4,
    heads: [{ shard: 0, seq: '12', hash: '0f'.repeat(32) }],
  },
} satisfies ExamplesOf<ChainController, 'heads'>;

export const links = {
  'as posted': { next: '200', links: 200, transfers: 4_000, faults: [] },
  changed: {
    next: null,
    links: 12,
    transfers: 240,
    faults: [
      { seq: '7', fault: 'its transfers are not those that were posted' },
      { seq: null, fault: '3 transfers after the last link are in none' },
    ],
  },
} satisfies ExamplesOf<ChainController, 'verify'>;

const queues = [0, 1, 2, 3].map((shard) => `ledger.payments.${shard}`);
const cause = 'the broker cannot be reached: connect ECONNREFUSED 127.0.0.1:5672';

const consuming = {
  consumer: { kind: 'consuming' as const, queues },
  stalledSince: null,
  queues,
  batches: 12,
  posted: 240,
  duplicates: { message: 3, event: 0 },
  parked: { invalid: 1 },
  endToEnd: { count: 120, p50Ms: 14, p95Ms: 31, p99Ms: 52 },
  retention: {
    lastRunAt: later.toISOString(),
    removed: { messages: 1_000, startedAttempts: 0, parkedHistory: 2 },
    oldest: earlier.toISOString(),
    failure: null,
  },
  deadLetterBridge: { waitingFor: null, seconds: null },
  deadLetters: {
    consumer: { kind: 'consuming' as const, queues: ['ledger.payments.parked'] },
    known: 0,
    parked: { 'dead-lettered': 1 },
  },
};

export const status = {
  consuming,
  'without retention': { ...consuming, endToEnd: null, retention: null },
  waiting: {
    consumer: { kind: 'waiting', cause },
    stalledSince: earlier,
    queues: [],
    batches: 0,
    posted: 0,
    duplicates: {},
    parked: {},
    endToEnd: null,
    retention: { lastRunAt: null, removed: {}, oldest: null, failure: 'the database cannot be reached' },
    deadLetterBridge: { waitingFor: cause, seconds: 12 },
    deadLetters: { consumer: { kind: 'waiting', cause }, known: 0, parked: {} },
  },
} satisfies ExamplesOf<StatusController, 'status'>;

export const markers = {
  'one arrived': { arrived: [messageId], deadLettersInBroker: 0 },
  'the broker is away': { arrived: [], deadLettersInBroker: null },
} satisfies ExamplesOf<InboxController, 'markers'>;

export const unknownRequest = { two: { messageIds: [messageId, reversalMessageId] } };

export const unknown = {
  'one never came': { unknown: [reversalMessageId] },
} satisfies ExamplesOf<InboxController, 'unknown'>;

const parkedOnce = { id: '1', reason: 'invalid', detail: 'currency: unknown', attempts: 1 };
const notDropped = { droppedAt: null, droppedBy: null, droppedWhy: null };
const dropped = { droppedBy: ann.by, droppedWhy: 'it was paid otherwise' };

export const messages = {
  'posted at the second try': [
    {
      type: 'payment.accepted',
      messageId,
      receivedAt: earlier,
      postedAt: later,
      parked: [],
      history: [{ at: later.toISOString(), reason: 'invalid', parkedAgain: null, ...ann }],
    },
  ],
  'parked twice': [
    {
      type: 'payment.accepted',
      messageId,
      receivedAt: null,
      postedAt: null,
      parked: [
        {
          ...parkedOnce,
          firstSeenAt: earlier.toISOString(),
          lastSeenAt: earlier.toISOString(),
          ...notDropped,
        },
        {
          ...parkedOnce,
          firstSeenAt: earlier.toISOString(),
          lastSeenAt: later.toISOString(),
          droppedAt: later.toISOString(),
          ...dropped,
        },
      ],
      history: [
        { at: later.toISOString(), reason: 'waiting-for', parkedAgain: 'invalid', by: null, why: null },
      ],
    },
  ],
  'without a good message id': [noMessageId, null].map((badId) => ({
    type: null,
    messageId: badId,
    receivedAt: null,
    postedAt: null,
    parked: [
      {
        ...parkedOnce,
        reason: 'no-identity',
        detail: 'its message id is no UUIDv7',
        firstSeenAt: earlier.toISOString(),
        lastSeenAt: later.toISOString(),
        ...notDropped,
      },
    ],
    history: [],
  })),
} satisfies ExamplesOf<InboxController, 'messages'>;

export const attempts = {
  'a process died': [{ messageId, queue: 'ledger.payments.0', starts: 1, startedAt: earlier }],
  'of messages without a good id': [
    { messageId: noMessageId, queue: 'ledger.payments.1', starts: 1, startedAt: earlier },
    { messageId: null, queue: null, starts: 1, startedAt: earlier },
  ],
} satisfies ExamplesOf<InboxController, 'attempts'>;

export const window = {
  'two weeks': { oldest: '01920000-0000-7000-8000-000000000000', retentionMinutes: 20_160 },
} satisfies ExamplesOf<InboxController, 'window'>;

const parkedMessage = {
  ...parkedOnce,
  id: '5',
  messageId,
  key: paymentId,
  type: 'payment.accepted',
  waitsFor: null,
  queue: 'ledger.payments.0',
  contentType: 'application/json',
  contentEncoding: null,
  userId: 'relay',
  bodyBytes: 137,
  firstSeenAt: earlier,
  lastSeenAt: later,
  ...notDropped,
};

export const parked = {
  page: { count: 5, items: [parkedMessage], next: '5' },
  last: {
    count: 5,
    items: [
      {
        ...parkedMessage,
        id: '4',
        messageId: reversalMessageId,
        type: 'payment.reversed',
        reason: 'waiting-for',
        detail: 'its predecessor is not posted yet',
        waitsFor: `${paymentId}/payment.accepted`,
      },
      { ...parkedMessage, id: '3', droppedAt: later, ...dropped },
      {
        ...parkedMessage,
        id: '2',
        messageId: noMessageId,
        key: 'rent',
        reason: 'no-identity',
        detail: 'its message id is no UUIDv7',
      },
      {
        ...parkedMessage,
        id: '1',
        reason: 'unreadable',
        detail: 'it is compressed',
        messageId: null,
        key: null,
        type: null,
        contentType: null,
        contentEncoding: 'gzip',
      },
    ],
    next: null,
  },
} satisfies ExamplesOf<ParkedController, 'parked'>;

const group = {
  reason: 'invalid',
  type: 'payment.accepted',
  count: 2,
  totals: { EUR: '2.00' },
  firstSeen: earlier.toISOString(),
  lastSeen: later.toISOString(),
  oldestSeconds: 600,
};

export const groups = {
  'of two reasons': {
    count: 3,
    groups: [group, { ...group, reason: 'unreadable', type: null, count: 1, totals: {} }],
  },
} satisfies ExamplesOf<ParkedController, 'groups'>;

const intervention = { id: '17', why: ann.why, requestedAt: earlier, by: ann.by };

export const interventions = {
  'one is open': {
    items: [
      { ...intervention, kind: 'redrive', which: { all: true }, messages: 500, finishedAt: null },
      { ...intervention, kind: 'redrive', which: { reason: 'invalid' }, messages: 2, finishedAt: later },
      { ...intervention, kind: 'drop', which: { keys: [paymentId] }, messages: 1, finishedAt: later },
      { ...intervention, kind: 'drop', which: { ids: ['1'] }, messages: 1, finishedAt: later },
    ],
    open: 1,
  },
} satisfies ExamplesOf<ParkedController, 'interventions'>;

export const redriveRequest = {
  'of a reason': { ...ann, reason: 'invalid', limit: 100 },
  'of payments': { ...ann, payments: [paymentId] },
  'some of those that are listed': { ...ann, ids: ['1'] },
  all: { ...ann, all: true },
};

export const redriven = {
  'all are done': {
    redriven: { posted: 2, repeated: 0, parkedAgain: {} },
    remaining: 0,
    untrusted: 0,
    intervention: '17',
  },
  'more remain, and some are forged': {
    redriven: { posted: 499, repeated: 0, parkedAgain: { invalid: 1 } },
    remaining: 120,
    untrusted: 3,
    intervention: '17',
  },
} satisfies ExamplesOf<ParkedController, 'redrive'>;

export const dropRequest = {
  'of a payment': { by: ann.by, why: dropped.droppedWhy, payments: [paymentId], expect: 1 },
  all: { by: ann.by, why: 'they were sent before the last reset', all: true, expect: 3 },
};

export const drop = { one: { dropped: 1 } } satisfies ExamplesOf<ParkedController, 'drop'>;
