import { drain } from '../relay/relay-bench.js';
import { Program } from '../rig/program.js';
import { inTurn, type Run } from '../rig/rounds.js';
import { say } from '../rig/say.js';
import type { BenchSystem } from '../rig/system.js';

const peers = [
  'pg-boss',
  'graphile-worker',
  'pg-transactional-outbox-replication',
  'pg-transactional-outbox-polling',
  'fullstackhouse-nestjs-outbox',
  'tutorial',
];
const missing = ['nestjs-outbox'];
/** Draining what is slow would take minutes: what is confirmed by then counts. */
const capSeconds = 5;

/** Other people's outboxes, drained to the same broker. */
export async function peersBench(
  system: BenchSystem,
  { rounds, messages, peerMessages }: { rounds: number; messages: number; peerMessages: number },
) {
  for (const name of missing) say(`peers: ${name} is not measured: ${await reasonOf(name)}`);
  return inTurn('peers', rounds, {
    'paid-once': () => drain(system, messages, 4),
    ...Object.fromEntries(peers.map((name) => [name, () => peer(system, name, peerMessages)])),
  });
}

async function peer(system: BenchSystem, name: string, messages: number): Promise<Run> {
  await system.clear();
  const program = await Program.start(`bench/peers/relays/${name}.mjs`, {
    BENCH_DB_URL: await system.emptyDatabase('peer'),
    BENCH_AMQP_URL: system.servers.broker.adminAmqpUrl,
    BENCH_EXCHANGE: 'payments',
    BENCH_MESSAGES: String(messages),
    BENCH_CAP_SECONDS: String(capSeconds),
  });
  try {
    const drained = await program.go<{ messages: number; seconds: number }>();
    const arrived = await system.messagesInQueues();
    if (arrived < drained.messages)
      throw new Error(`${name} says ${drained.messages}, but the queues hold ${arrived}`);
    return { perSecond: drained.messages / drained.seconds };
  } finally {
    await program.stop();
    await system.emptyDatabase('peer'); // with it goes its replication slot, which would keep all of the log
  }
}

async function reasonOf(name: string): Promise<string> {
  const program = await Program.start(`bench/peers/relays/${name}.mjs`, {
    BENCH_DB_URL: '',
    BENCH_AMQP_URL: '',
  });
  await program.stop();
  return program.skipped ?? 'it says no reason';
}
