import { pause } from '@paid-once/service';
import { freePorts } from '@paid-once/infrastructure';
import { Client } from 'pg';
import { cpuMeter, Program } from '../rig/program.js';
import { environment } from '../rig/environment.js';
import { inTurn, type Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import { postPayments } from '../rig/wrk.js';

/** A whole system, from POST to the row in the table `transfer` of its ledger's database. */
interface Chain {
  url: string;
  ledger: Client;
  /** By part. */
  pids: Record<string, number | undefined>;
  stop(): Promise<unknown>;
}

/** How long a chain may take to post what it has accepted, in seconds; what it has posted by then counts. */
const catchUpSeconds = 20;

/** POST to transfer: as much as goes through with everything on the same machine, and how long one takes. */
export async function chainBench(
  system: BenchSystem,
  { rounds, seconds, payments }: { rounds: number; seconds: number; payments: number },
) {
  return inTurn('end to end', rounds, {
    'payments alone': () => alone(system, seconds),
    'paid-once': () => flatOut(system, () => ourChain(system), { connections: 64, seconds }),
    'the tutorial way': () =>
      flatOut(system, () => otherChain(system, 'tutorial'), { connections: 32, seconds }),
    'pg-transactional-outbox, both sides': () =>
      flatOut(system, () => otherChain(system, 'pg-transactional-outbox'), { connections: 32, seconds }),
    'paid-once, 50 payments/s': () => latency(system, payments),
  });
}

async function alone(system: BenchSystem, seconds: number): Promise<Run> {
  await system.clear();
  const payments = await system.startService('payments', { PAID_ONCE_DRAIN_MS: '0' });
  try {
    await postPayments(payments.url, { connections: 64, seconds: 1 });
    const load = await postPayments(payments.url, { connections: 64, seconds });
    return { perSecond: load.requests / load.seconds };
  } finally {
    await payments.stop();
  }
}

async function flatOut(
  system: BenchSystem,
  start: () => Promise<Chain>,
  load: { connections: number; seconds: number },
): Promise<Run> {
  await system.clear();
  const chain = await start();
  try {
    await postPayments(chain.url, { ...load, seconds: 1 });
    const before = await settled(chain, performance.now());
    const meters = Object.entries(chain.pids).map(([part, pid]) => [part, cpuMeter(pid)] as const);
    const began = performance.now();
    const { requests, seconds, p99Ms } = await postPayments(chain.url, load);
    const waiting = requests - ((await posted(chain)) - before);
    const after = await settled(chain, performance.now());
    const tookSeconds = (performance.now() - began) / 1_000;
    const done = after - before;
    const micros = meters.map(([part, read]) => [`${part}Micros`, (read() * 1_000) / done] as const);
    return {
      perSecond: done / tookSeconds,
      acceptedPerSecond: requests / seconds,
      acceptedP99Ms: p99Ms,
      waitingAtTheEnd: waiting,
      ...Object.fromEntries(micros),
      cpuMicrosPerPayment: micros.reduce((sum, [, value]) => sum + value, 0),
    };
  } finally {
    await chain.stop();
  }
}

/** Waits until nothing more is posted. @returns how many transfers there are then */
async function settled(chain: Chain, since: number): Promise<number> {
  for (let last = await posted(chain); ;) {
    await pause(200);
    const now = await posted(chain);
    if (now === last || performance.now() - since > catchUpSeconds * 1_000) return now;
    last = now;
  }
}

async function posted({ ledger }: Chain): Promise<number> {
  const { rows } = await ledger.query<{ count: string }>('SELECT count(*) FROM transfer');
  return Number(rows[0]?.count);
}

async function ourChain(system: BenchSystem): Promise<Chain> {
  const ledger = await system.startService('ledger');
  const relay = await system.startService('relay', { PAID_ONCE_REPAIR_EVERY_SECONDS: '60' });
  const payments = await system.startService('payments', { PAID_ONCE_DRAIN_MS: '0' });
  const { paymentsDb, ledgerDb, broker } = system.servers;
  return {
    url: payments.url,
    ledger: system.ledger,
    pids: {
      payments: payments.pid,
      relay: relay.pid,
      ledger: ledger.pid,
      paymentsDb: paymentsDb.pid,
      ledgerDb: ledgerDb.pid,
      broker: broker.pid,
    },
    stop: () => Promise.all([payments, relay, ledger].map((service) => service.stop())),
  };
}

async function otherChain(system: BenchSystem, name: string): Promise<Chain> {
  const [port = 0] = await freePorts(1);
  const ledgerUrl = await system.emptyDatabase('chain', 'ledgerDb');
  const env = {
    BENCH_PAYMENTS_DB_URL: await system.emptyDatabase('chain'),
    BENCH_LEDGER_DB_URL: ledgerUrl,
    BENCH_AMQP_URL: system.servers.broker.adminAmqpUrl,
    BENCH_PORT: String(port),
  };
  const start = (part: string) => Program.start(`bench/peers/chains/${name}/${part}.mjs`, env);
  const programs = { api: await start('api'), relay: await start('relay'), ledger: await start('ledger') };
  const ledger = new Client({ connectionString: ledgerUrl });
  ledger.on('error', () => {});
  await ledger.connect();
  const { paymentsDb, ledgerDb, broker } = system.servers;
  return {
    url: `http://127.0.0.1:${port}`,
    ledger,
    pids: {
      payments: programs.api.pid,
      relay: programs.relay.pid,
      ledger: programs.ledger.pid,
      paymentsDb: paymentsDb.pid,
      ledgerDb: ledgerDb.pid,
      broker: broker.pid,
    },
    stop: async () => {
      await ledger.end();
      await Promise.all(Object.values(programs).map((program) => program.stop()));
      await system.removeQueue(`${name}.ledger`);
      await system.emptyDatabase('chain'); // with it goes its replication slot, which would keep all of the log
      await system.emptyDatabase('chain', 'ledgerDb');
    },
  };
}

async function latency(system: BenchSystem, payments: number): Promise<Run> {
  await system.clear();
  const chain = await ourChain(system);
  try {
    await postPayments(chain.url, { connections: 4, seconds: 2 }); // until the compiler has seen the path
    await settled(chain, performance.now());
    const program = await Program.start('dist/bench/end-to-end/latency-program.js', {
      BENCH_URL: chain.url,
      BENCH_API_KEY: environment('BENCH_API_KEY'),
      BENCH_PAYMENTS: String(payments),
      BENCH_LEDGER_DB_URL: system.servers.ledgerDb.adminUrl('ledger'),
    });
    const { seconds, ...figures } = await program.go<Record<string, number>>();
    await program.stop();
    return { perSecond: payments / (seconds ?? NaN), ...figures };
  } finally {
    await chain.stop();
  }
}
