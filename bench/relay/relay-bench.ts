import { untilQuiet } from '../rig/cpu.js';
import { cpuMeter, Program } from '../rig/program.js';
import { inTurn, type Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';
import { fillOutbox } from './fill-outbox.js';

interface Drained {
  messages: number;
  seconds: number;
  cpuMs: number;
  peakMb?: number;
}

/** Draining a backlog, on one lane (all in one shard), on two and on all four, each beside publishing alone. */
export async function relayBench(
  system: BenchSystem,
  { rounds, messages }: { rounds: number; messages: number },
) {
  return inTurn('relay', rounds, {
    'publish only, 1 lane': () => publishOnly(system, messages, 1),
    'relay, 1 lane': () => drain(system, messages, 1),
    'publish only, 2 lanes': () => publishOnly(system, messages, 2),
    'relay, 2 lanes': () => drain(system, messages, 2),
    'publish only, 4 lanes': () => publishOnly(system, messages, 4),
    'relay, 4 lanes': () => drain(system, messages, 4),
  });
}

async function publishOnly(system: BenchSystem, messages: number, lanes: number): Promise<Run> {
  await system.clear();
  return measured(system, 'dist/bench/relay/publish-only-program.js', messages, {
    BENCH_LANES: String(lanes),
  });
}

export async function drain(
  system: BenchSystem,
  messages: number,
  shards: number,
  env: Record<string, string> = {},
): Promise<Run> {
  await system.clear();
  await fillOutbox(system.payments, messages, { shards });
  await system.payments.query('VACUUM ANALYZE outbox_message');
  await system.payments.query('CHECKPOINT');
  return measured(system, 'dist/bench/relay/relay-program.js', messages, env);
}

/** @throws Error the queues do not hold what was published */
export async function measured(
  system: BenchSystem,
  path: string,
  messages: number,
  env: Record<string, string> = {},
): Promise<Run> {
  const before = await system.messagesInQueues();
  const program = await Program.start(path, { ...system.env, BENCH_MESSAGES: String(messages), ...env });
  try {
    await untilQuiet(system.servers.broker.pid, system.servers.paymentsDb.pid);
    const postgres = cpuMeter(system.servers.paymentsDb.pid);
    const broker = cpuMeter(system.servers.broker.pid);
    const drained = await program.go<Drained>();
    const perMessage = (ms: number) => (ms * 1_000) / drained.messages;
    const postgresMs = postgres();
    const run: Run = {
      perSecond: drained.messages / drained.seconds,
      nodeMicros: perMessage(drained.cpuMs),
      postgresMicros: perMessage(postgresMs),
      ownMicros: perMessage(drained.cpuMs + postgresMs), // all but the broker's, which differs most from run to run
      brokerMicros: perMessage(broker()),
      ...(drained.peakMb !== undefined && { peakMb: drained.peakMb }),
    };
    const arrived = (await system.messagesInQueues()) - before;
    if (arrived !== drained.messages)
      throw new Error(`${drained.messages} messages were confirmed, but the queues hold ${arrived} of them`);
    return run;
  } finally {
    await program.stop();
  }
}
