import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { definitions } from './definitions.js';

const users = { relay: { user: 'relay', password: 'r' }, ledger: { user: 'ledger', password: 'l' } };

describe('definitions', () => {
  it('carry no password, only its salted hash', () => {
    const [relay] = definitions({ shards: 1, vhost: '/', users }).users;
    const hash = Buffer.from(relay?.password_hash ?? '', 'base64');
    expect(hash.subarray(4)).toEqual(createHash('sha256').update(hash.subarray(0, 4)).update('r').digest());
  });

  it('E10: bind each shard to a queue of its own that drops nothing, with every limit set by hand', () => {
    const { queues, bindings, exchanges } = definitions({ shards: 2, vhost: '/', users });
    expect(exchanges.map(({ name, type, durable }) => ({ name, type, durable }))).toEqual([
      { name: 'payments', type: 'topic', durable: true },
      { name: 'payments.dead', type: 'topic', durable: true },
    ]);
    expect(queues.map(({ name }) => name)).toEqual([
      'ledger.payments.0',
      'ledger.payments.1',
      'ledger.payments.parked',
    ]);
    expect(queues.every(({ durable }) => durable)).toBe(true);
    const unlimited = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };
    const ofShard = {
      ...unlimited,
      'x-single-active-consumer': true,
      'x-dead-letter-exchange': 'payments.dead',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    };
    expect(queues.map((queue) => queue.arguments)).toEqual([ofShard, ofShard, unlimited]); // no length, no age
    expect(bindings.map(({ source, destination, routing_key: key }) => [source, destination, key])).toEqual([
      ['payments', 'ledger.payments.0', '#.0'],
      ['payments', 'ledger.payments.1', '#.1'],
      ['payments.dead', 'ledger.payments.parked', '#'],
    ]);
  });

  it('let the relay write to the exchange only, and the ledger read its queues only', () => {
    const { permissions, users: made } = definitions({ shards: 1, vhost: 'v', users });
    expect(permissions).toEqual([
      { user: 'relay', vhost: 'v', configure: '^$', write: '^payments$', read: '^$' },
      { user: 'ledger', vhost: 'v', configure: '^$', write: '^$', read: '^ledger\\.payments\\.' },
    ]);
    expect(made.map(({ tags }) => tags)).toEqual([[], []]);
  });

  it('let payments, where it is a user at all, write to the exchange only', () => {
    const withPayments = { ...users, payments: { user: 'payments', password: 'p' } };
    const { permissions, users: made } = definitions({ shards: 1, vhost: 'v', users: withPayments });
    expect(permissions).toContainEqual({
      user: 'payments',
      vhost: 'v',
      configure: '^$',
      write: '^payments$',
      read: '^$',
    });
    expect(made.map(({ name, tags }) => [name, ...tags])).toEqual([
      ['relay'],
      ['ledger'],
      ['payments', 'paid-once-lab'],
    ]);
  });
});
