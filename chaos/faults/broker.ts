import { ledgerQueue, paymentsExchange, shardBinding } from '@paid-once/contracts';
import { shardCount } from '@paid-once/outbox';
import { nothingToHeal, type FaultKind } from '../fault.js';

const holds = () => ['broker'];

/** RabbitMQ stops reading from whoever publishes. */
const alarm: FaultKind = {
  name: 'broker alarm',
  pack: 'broker',
  lastsMs: [1_000, 6_000],
  draw: (dice) => ({ of: dice.pick(['memory', 'disk']) }),
  holds,
  inject: async ({ servers: { broker } }, { of }) => {
    const [set, low, high] =
      of === 'memory'
        ? ['set_vm_memory_high_watermark', '0.00001', '0.4']
        : ['set_disk_free_limit', '900GB', '50MB'];
    await broker.ctl([set, low]);
    return () => broker.ctl([set, high]);
  },
};

const closed: FaultKind = {
  name: 'broker closes all connections',
  pack: 'broker',
  lastsMs: [0, 0],
  draw: () => ({}),
  holds,
  inject: async ({ servers: { broker } }) => {
    await broker.ctl(['close_all_connections', 'nemesis']);
    return nothingToHeal;
  },
};

/** A queue that is full: each publish is refused. */
const nacks: FaultKind = {
  name: 'broker refuses messages',
  pack: 'broker',
  lastsMs: [1_000, 6_000],
  draw: () => ({}),
  holds,
  inject: async ({ broker, vhost }) => {
    await broker.ask('PUT', ['policies', vhost, 'nemesis'], {
      pattern: String.raw`^ledger\.payments\.\d`,
      definition: { 'max-length': 1, overflow: 'reject-publish' },
      'apply-to': 'queues',
    });
    return () => broker.ask('DELETE', ['policies', vhost, 'nemesis']);
  },
};

/** What no queue takes is confirmed all the same: only `mandatory` tells. */
const unbound: FaultKind = {
  name: 'a queue loses its binding',
  pack: 'broker',
  lastsMs: [1_000, 5_000],
  draw: (dice) => ({ shard: dice.integer(0, shardCount - 1) }),
  holds,
  inject: async ({ broker, vhost }, drawn) => {
    const shard = Number(drawn['shard']);
    const path = ['bindings', vhost, 'e', paymentsExchange, 'q', ledgerQueue(shard)];
    await broker.ask('DELETE', [...path, shardBinding(shard).replaceAll('#', '%23')]);
    return () => broker.ask('POST', path, { routing_key: shardBinding(shard) });
  },
};

const forbidden: FaultKind = {
  name: 'the relay loses its permission',
  pack: 'broker',
  lastsMs: [1_000, 5_000],
  draw: () => ({}),
  holds,
  inject: async ({ broker, vhost, relayUser }) => {
    const allow = (write: string) =>
      broker.ask('PUT', ['permissions', vhost, relayUser], { configure: '^$', write, read: '^$' });
    await allow('^$');
    return () => allow(`^${paymentsExchange}$`);
  },
};

/** Gently: without its process. */
const restarted: FaultKind = {
  name: 'broker stops and starts',
  pack: 'broker',
  lastsMs: [500, 2_000],
  healsInMs: 6_000,
  draw: () => ({}),
  holds,
  inject: async ({ servers: { broker } }) => {
    await broker.ctl(['stop_app']);
    return () => broker.ctl(['start_app']);
  },
};

export const brokerFaults = [alarm, closed, nacks, unbound, forbidden, restarted];
