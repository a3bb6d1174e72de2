import { describe, expect, it } from '@jest/globals';
import type { LinkState } from '@paid-once/links';
import type { Parts } from '../../cli/src/status/parts.js';
import { linksIn, stationsOf } from './views.js';

const now = new Date('2026-11-22T10:00:00Z');
const balance = (count: number, reversals = 0) => ({ count, totals: { EUR: `${count}.00` }, reversals });
const relay = {
  pending: 3,
  oldestSeconds: 12,
  deadLetters: 1,
  published: 0,
  trouble: undefined,
  shards: [],
  repair: undefined,
  retention: null,
};
const all: Parts = {
  payments: { value: balance(10, 2) },
  outbox: { value: relay },
  ledger: { value: balance(5, 1) },
  consumer: {
    value: { consumer: { kind: 'consuming', cause: undefined }, duplicates: { message: 4, event: 1 } },
  },
  parked: { value: { count: 1 } },
  links: { value: [] },
  interventions: { value: { open: 0, items: [] } },
  dead: { value: [] },
};
const rates = { accepted: 2, posted: 1, asked: 3 };
const stations = (parts: Partial<Parts> = {}) => stationsOf({ ...all, ...parts }, rates, { EUR: '3.00' });

describe('the stations of a payment', () => {
  it('count each event once: what has left the outbox and is neither posted nor set aside is under way', () => {
    const { outbox, queue, inbox, ledger } = stations();
    expect(outbox).toMatchObject({ pending: 3, totals: { EUR: '3.00' }, oldestSeconds: 12, deadLetters: 1 });
    expect(queue.underWay).toBe(10 + 2 - (5 + 1) - 3 - 1 - 1);
    expect([inbox.absorbed, ledger.parked]).toEqual([5, 1]);
  });

  it('of an empty outbox hold no money, and nothing old', () =>
    expect(stations({ outbox: { value: { ...relay, pending: 0 } } }).outbox).toMatchObject({
      totals: {},
      oldestSeconds: null,
    }));

  it('say what they wait for, and which does not answer', () => {
    const waiting = stations({
      outbox: { value: { ...relay, trouble: 'RabbitMQ is down: ECONNREFUSED' } },
      consumer: { value: { consumer: { kind: 'waiting', cause: 'ECONNREFUSED' } } },
      payments: { reason: 'Payments does not answer.' },
    });
    expect(waiting.payments).toMatchObject({
      health: 'down',
      says: 'Payments does not answer.',
      count: null,
    });
    expect(waiting.outbox).toMatchObject({ health: 'waiting', says: 'RabbitMQ is down: ECONNREFUSED' });
    expect(waiting.queue).toEqual({
      health: 'waiting',
      says: 'RabbitMQ is down: ECONNREFUSED',
      underWay: null,
    });
    expect(waiting.ledger).toMatchObject({ health: 'waiting', says: 'ECONNREFUSED' });
  });
});

describe('the links', () => {
  const link = (name: string, changes: Partial<LinkState> = {}): LinkState => ({
    name,
    listen: '',
    upstream: '',
    enabled: true,
    toxics: [],
    ...changes,
  });

  it('come in the order in which money passes them, with what a broken one means for it', () => {
    const links = [link('ledger-rabbitmq'), link('relay-rabbitmq', { enabled: false }), link('somebody’s')];
    const healsAt = new Map([['relay-rabbitmq', new Date(now.getTime() + 4_200)]]);
    expect(linksIn({ ...all, links: { value: links } }, healsAt, now)).toEqual([
      {
        name: 'relay-rabbitmq',
        state: 'cut',
        says: 'cut',
        faults: [{ kind: 'cut', ms: null, percent: null, stream: null, sinceSeconds: null }],
        healsInSeconds: 5,
        means: 'Payments are still accepted; they wait safely in the outbox.',
      },
      { name: 'ledger-rabbitmq', state: 'up', says: 'up', faults: [], healsInSeconds: null, means: null },
    ]);
  });

  it('are none without Toxiproxy', () =>
    expect(linksIn({ ...all, links: { reason: 'Toxiproxy does not answer' } }, new Map(), now)).toEqual([]));
});
