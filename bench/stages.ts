import { apiBench } from './api/api-bench.js';
import { chainBench } from './end-to-end/chain-bench.js';
import { drawGrowth } from './growth/draw-growth.js';
import { fullGrowth, growthBench, quickGrowth } from './growth/growth-bench.js';
import { fullLedgerGrowth, ledgerGrowth, quickLedgerGrowth } from './growth/ledger-growth.js';
import { guaranteesBench } from './guarantees/guarantees-bench.js';
import { ledgerBench } from './ledger/ledger-bench.js';
import { peersBench } from './others/peers-bench.js';
import { relayBench } from './relay/relay-bench.js';
import { barsOf } from './rig/bars.js';
import type { BenchSystem } from './rig/system.js';
import { writersBench } from './writers/writers-bench.js';

/** What a stage has found: the figures that count, by name, and all that was measured. */
export interface Findings {
  figures: Record<string, Record<string, number>>;
  peers?: { name: string; perSecond: number; ratio: number }[];
  /** An SVG. */
  drawing?: string;
  measured: unknown;
}

type Stage = (system: BenchSystem, quick: boolean) => Promise<Findings>;

/** In the order of a payment's path, then whole chains, growth and peers. */
export const stages: Record<string, Stage> = {
  api: async (system, quick) => {
    const api = await apiBench(system, quick ? { rounds: 1, seconds: 3 } : { rounds: 5, seconds: 6 });
    const bare = 'bare http, group commit';
    return {
      figures: {
        api: {
          vsBareGroupCommit: api.ratio('payments', bare),
          p99VsBare: api.ratio('payments', bare, 'p99Ms'),
          vsNaiveNest: api.ratio('payments', 'Nest + Fastify, TypeORM insert, no outbox'),
          vsPgInsert: api.ratio('payments', 'Nest + Fastify, pg insert, no outbox'),
          vsTypeOrmExpress: api.ratio('payments', 'Nest + Express, TypeORM transaction'),
          aloneVsInsert: api.ratio('alone: payments', 'alone: Nest + Fastify, one statement', 'p50Ms'),
        },
      },
      drawing: barsOf(
        'POST /payments, 64 connections',
        api.of((name) => !name.startsWith('alone')),
        (name) => name === 'payments',
      ),
      measured: api,
    };
  },
  relay: async (system, quick) => {
    const relay = await relayBench(
      system,
      quick ? { rounds: 1, messages: 50_000 } : { rounds: 5, messages: 200_000 },
    );
    return {
      figures: {
        relay: {
          vsPublishOnly: relay.ratio('relay, 1 lane', 'publish only, 1 lane'),
          twoLanes: relay.ratio('relay, 2 lanes', 'publish only, 2 lanes'),
          fourLanes: relay.ratio('relay, 4 lanes', 'publish only, 4 lanes'),
        },
      },
      measured: relay,
    };
  },
  ledger: async (system, quick) => {
    const ledger = await ledgerBench(
      system,
      quick ? { rounds: 1, messages: 50_000, seconds: 2 } : { rounds: 5, messages: 200_000, seconds: 5 },
    );
    return {
      figures: { ledger: { vsAckOnly: ledger.ratio('ledger', 'ack only') } },
      drawing: barsOf(
        'RabbitMQ to ledger, posted once',
        ledger.of((name) => name !== 'ack only'),
        (name) => name.startsWith('ledger'),
      ),
      measured: ledger,
    };
  },
  guarantees: async (system, quick) => {
    const { rounds, messages } = quick ? { rounds: 1, messages: 20_000 } : { rounds: 3, messages: 100_000 };
    const guarantees = await guaranteesBench(system, { rounds, messages });
    return {
      figures: {
        guarantees: {
          withOutbox: guarantees.ratio('payments, all on', 'payments, no outbox'),
          withFsync: guarantees.ratio('payments, all on', 'payments, no fsync'),
          withConfirms: guarantees.ratio('relay, all on', 'relay, no confirms'),
          withInbox: guarantees.ratio('ledger, all on', 'ledger, no inbox'),
        },
      },
      measured: guarantees,
    };
  },
  writers: async (system, quick) => {
    const writers = await writersBench(system, quick ? { rounds: 1, seconds: 2 } : { rounds: 5, seconds: 5 });
    const { withWake8, withWake32 } = writers;
    return { figures: { writers: { withWake8, withWake32 } }, measured: writers };
  },
  e2e: async (system, quick) => {
    const chain = await chainBench(
      system,
      quick ? { rounds: 1, seconds: 3, payments: 100 } : { rounds: 3, seconds: 15, payments: 600 },
    );
    const ours = 'paid-once';
    return {
      figures: {
        endToEnd: {
          p50Ms: chain.median('paid-once, 50 payments/s', 'p50Ms'),
          p99Ms: chain.median('paid-once, 50 payments/s', 'p99Ms'),
          perSecond: chain.median(ours),
          vsApi: chain.ratio(ours, 'payments alone'),
          vsTutorialChain: chain.ratio(ours, 'the tutorial way'),
          vsPeerChain: chain.ratio(ours, 'pg-transactional-outbox, both sides'),
          cpuMicrosPerPayment: chain.median(ours, 'cpuMicrosPerPayment'),
        },
      },
      measured: chain,
    };
  },
  growth: async (system, quick) => {
    const growth = await growthBench(system, quick ? quickGrowth : fullGrowth);
    const ledger = await ledgerGrowth(system, quick ? quickLedgerGrowth : fullLedgerGrowth);
    return {
      figures: {
        relay: {
          historyFlat: growth.historyFlat,
          heldWriteTx: growth.heldWriteTx,
          heldSnapshot: growth.heldSnapshot,
          peakMb: growth.backlog.peakMb,
          idleStatementsPerSecond: growth.idle.statementsPerSecond,
        },
        ledger: {
          hotAccounts: Math.min(ledger.hotAccounts, ledger.hotAccountsSingly),
          inboxFlat: ledger.inboxFlat,
        },
      },
      drawing: drawGrowth(growth.points),
      measured: { growth, ledger },
    };
  },
  peers: async (system, quick) => {
    const peers = await peersBench(
      system,
      quick
        ? { rounds: 1, messages: 50_000, peerMessages: 20_000 }
        : { rounds: 3, messages: 200_000, peerMessages: 100_000 },
    );
    const others = peers.names.filter((name) => name !== 'paid-once');
    return {
      figures: {},
      drawing: barsOf('Outbox to RabbitMQ, confirmed', peers, (name) => name === 'paid-once'),
      peers: others.map((name) => ({
        name,
        perSecond: peers.median(name),
        ratio: peers.ratio('paid-once', name),
      })),
      measured: peers,
    };
  },
};
