import type { ExamplesOf } from '@paid-once/service';
import { examplePayment } from './api-schemas.js';
import type { DigestController } from './digest.controller.js';
import type { ExportController } from './export.controller.js';
import type { FindPaymentsController } from './find-payments.controller.js';
import type { DeadLettersController } from './operations/dead-letters.controller.js';
import type { InterventionsController } from './operations/interventions.controller.js';
import type { MarkersController } from './operations/markers.controller.js';
import type { OutboxMessagesController } from './operations/outbox-messages.controller.js';

// One payment of EUR 1.00 from bianca to marc, its reversal, and what may become of their messages.
const paymentId = examplePayment.id;
const messageId = '01920000-0000-7000-8000-000000000101';
const reversalMessageId = '01920000-0000-7000-8000-000000000102';
const markerSet = '3f0c1a52-6d1e-4b0e-9c64-9d7f2e7a5b10';
const earlier = new Date('2026-01-01T00:00:00.000Z');
const later = new Date('2026-01-01T00:05:00.000Z');
const ann = { by: 'ann', why: 'the broker lost its disk' };
const dropped = { droppedBy: ann.by, droppedWhy: 'it was paid otherwise' };
const notDropped = { droppedAt: null, droppedBy: null, droppedWhy: null };

export const payment = {
  accepted: examplePayment,
  reversed: { ...examplePayment, status: 'reversed', reference: null },
} satisfies ExamplesOf<FindPaymentsController, 'find'>;

export const payments = {
  page: { items: Object.values(payment), next: paymentId },
  last: { items: [], next: null },
} satisfies ExamplesOf<FindPaymentsController, 'list'>;

const inOutbox = {
  paymentId,
  type: 'payment.accepted',
  messageId,
  station: 'outbox',
  since: earlier.toISOString(),
} as const;

export const stations = {
  'not published yet': [inOutbox],
  'published before the marker': [{ ...inOutbox, station: 'published', beforeMarker: true }],
  'can never be published': [
    { ...inOutbox, station: 'dead-lettered', reason: 'too-big', droppedBy: null, droppedWhy: null },
    { ...inOutbox, station: 'dead-lettered', reason: 'too-big', ...dropped },
  ],
} satisfies ExamplesOf<ExportController, 'stations'>;

export const bound = {
  'half a minute ago': { olderThan: '01920000-0000-7000-8000-000000000000', at: earlier.toISOString() },
} satisfies ExamplesOf<DigestController, 'bound'>;

export const markersRequested = {
  'in each shard': { set: markerSet, shards: 4 },
} satisfies ExamplesOf<MarkersController, 'request'>;

const marker = { shard: 0, messageId, requestedAt: earlier, publishedAt: later };

export const markers = {
  'one waits for its relay': {
    set: markerSet,
    markers: [marker, { ...marker, shard: 1, messageId: reversalMessageId, publishedAt: null }],
  },
} satisfies ExamplesOf<MarkersController, 'find'>;

export const replayRequest = {
  'of payments': { ...ann, payments: [paymentId] },
  'of the last hour': { ...ann, sinceSeconds: 3_600 },
};

export const replay = {
  'of payments': {
    interventions: ['17'],
    messages: 2,
    enqueuedAnew: 0,
    deadLetters: 0,
    pending: 0,
    notInHistory: ['01920000-0000-7000-8000-000000000002'],
  },
  'of the last hour': {
    interventions: ['18', '19', '20', '21'],
    messages: 1_200,
    estimated: true,
    notInHistory: [],
  },
} satisfies ExamplesOf<InterventionsController, 'replay'>;

const replayed = {
  id: '17',
  kind: 'replay' as const,
  shard: 0,
  ...ann,
  requestedAt: earlier,
  messages: 2,
  failure: null,
  finishedAt: later,
};
const redriven = {
  ...replayed,
  id: '18',
  kind: 'redrive' as const,
  messages: 0,
  failure: `message ${messageId} can never be published: too-big`,
  finishedAt: null,
};

export const interventions = {
  'one is open': { items: [redriven, replayed], open: 1 },
} satisfies ExamplesOf<InterventionsController, 'list'>;

export const intervention = {
  done: replayed,
  open: redriven,
} satisfies ExamplesOf<InterventionsController, 'find'>;

const group = {
  reason: 'too-big',
  type: 'payment.accepted',
  count: 1,
  firstSeen: earlier,
  lastSeen: later,
  oldestSeconds: 600.5,
  totals: { EUR: '1.00' },
};

export const deadLetterGroups = {
  'of two reasons': {
    count: 2,
    groups: [group, { ...group, reason: 'invalid', totals: {} }],
  },
} satisfies ExamplesOf<DeadLettersController, 'groups'>;

const deadLetter = {
  id: '4711',
  messageId,
  type: 'payment.accepted',
  shard: 0,
  reason: 'invalid',
  detail: 'currency',
  diedAt: earlier,
  headers: {},
  payload: JSON.stringify({
    paymentId,
    src: 'bianca',
    dest: 'marc',
    amountMinor: '100',
    currency: 'XXX',
    reference: null,
  }),
  ...notDropped,
  paymentId,
};
const behind = {
  ...deadLetter,
  id: '4712',
  messageId: reversalMessageId,
  type: 'payment.reversed',
  reason: 'behind',
  detail: null,
  headers: { causation: `${paymentId}/payment.accepted` },
};

export const deadLetters = {
  page: { items: [deadLetter, behind], next: behind.id },
  last: { items: [{ ...deadLetter, droppedAt: later, ...dropped }], next: null },
} satisfies ExamplesOf<DeadLettersController, 'list'>;

export const redriveRequest = {
  'of a reason': { ...ann, reason: 'invalid' },
  'of payments': { ...ann, payments: [paymentId] },
  all: { ...ann, all: true },
};

export const redrive = {
  'of one shard': { interventions: ['18'], messages: 2 },
} satisfies ExamplesOf<DeadLettersController, 'redrive'>;

export const dropRequest = {
  'of a payment': { by: ann.by, why: dropped.droppedWhy, payments: [paymentId], expect: 2 },
  all: { by: ann.by, why: 'they were paid otherwise', all: true, expect: 3 },
};

export const drop = {
  'a payment and its reversal': { dropped: 2 },
} satisfies ExamplesOf<DeadLettersController, 'drop'>;

const history = { type: 'payment.accepted', messageId, shard: 0, createdAt: earlier };

export const messages = {
  replayed: [
    {
      ...history,
      station: 'published',
      publishedAt: later,
      deadLetter: null,
      interventions: [replayed, redriven],
    },
  ],
  'given up': [
    {
      ...history,
      station: 'dead-lettered',
      publishedAt: null,
      deadLetter: { reason: 'invalid', detail: 'currency', diedAt: earlier, droppedAt: later, ...dropped },
      interventions: [],
    },
    {
      ...history,
      type: 'payment.reversed',
      messageId: reversalMessageId,
      station: 'dead-lettered',
      publishedAt: null,
      deadLetter: { reason: 'behind', detail: null, diedAt: earlier, ...notDropped },
      interventions: [],
    },
  ],
} satisfies ExamplesOf<OutboxMessagesController, 'messages'>;
