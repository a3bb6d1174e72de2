import { freePorts } from '@paid-once/infrastructure';
import { cpuMeter, Program } from '../rig/program.js';
import { inTurn, type Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import { postPayments } from '../rig/wrk.js';

interface Server {
  url: string;
  pid: number | undefined;
  stop(): Promise<unknown>;
}

/** `POST /payments`, everything switched on, beside its limit and the usual ways to write such a service. */
export async function apiBench(
  system: BenchSystem,
  { rounds, seconds }: { rounds: number; seconds: number },
) {
  const busy = { connections: 64, seconds };
  const alone = { connections: 1, seconds };
  const of = (name: string, load: typeof busy) => () => measured(system, () => habit(system, name), load);
  const ours = (load: typeof busy) => () => measured(system, () => payments(system), load);
  return inTurn('api', rounds, {
    'bare http, group commit': of('bare-http-group-commit', busy),
    payments: ours(busy),
    'Nest + Fastify, TypeORM insert, no outbox': of('nest-fastify-insert', busy),
    'Nest + Fastify, pg insert, no outbox': of('nest-fastify-pg-insert', busy),
    'Nest + Express, TypeORM transaction': of('nest-express-transaction', busy),
    'alone: payments': ours(alone),
    'alone: Nest + Fastify, one statement': of('nest-fastify-statement', alone),
  });
}

async function measured(
  system: BenchSystem,
  start: () => Promise<Server>,
  load: { connections: number; seconds: number },
): Promise<Run> {
  await system.clear();
  const server = await start();
  try {
    await postPayments(server.url, { ...load, seconds: 1 }); // until the compiler has seen the path
    const node = cpuMeter(server.pid);
    const postgres = cpuMeter(system.servers.paymentsDb.pid);
    const { requests, seconds, p50Ms, p99Ms } = await postPayments(server.url, load);
    return {
      perSecond: requests / seconds,
      p50Ms,
      p99Ms,
      nodeMicros: (node() * 1_000) / requests,
      postgresMicros: (postgres() * 1_000) / requests,
    };
  } finally {
    await server.stop();
  }
}

async function payments(system: BenchSystem): Promise<Server> {
  const service = await system.startService('payments', { PAID_ONCE_DRAIN_MS: '0' });
  return { url: service.url, pid: service.pid, stop: () => service.stop() };
}

async function habit(system: BenchSystem, name: string): Promise<Server> {
  const [port = 0] = await freePorts(1);
  const program = await Program.start(`bench/peers/apis/${name}.mjs`, {
    BENCH_DB_URL: await system.emptyDatabase('habit'),
    BENCH_PORT: String(port),
  });
  return { url: `http://127.0.0.1:${port}`, pid: program.pid, stop: () => program.stop() };
}
