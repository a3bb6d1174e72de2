import { untilQuiet } from '../rig/cpu.js';
import { cpuMeter, Program } from '../rig/program.js';
import { inTurn, type Run } from '../rig/rounds.js';
import { connectedBroker, type BenchSystem } from '../rig/system.js';
import { fillQueues } from './fill-queues.js';
import { otherLedger } from './other-ledger.js';

interface Consumed {
  messages: number;
  seconds: number;
  cpuMs: number;
  peakMb?: number;
  batchSize?: number;
}

/** Posting what is in the queues, with every guarantee on, beside reading and acknowledging it, and beside other ledgers. */
export async function ledgerBench(
  system: BenchSystem,
  { rounds, messages, seconds }: { rounds: number; messages: number; seconds: number },
) {
  const other = (chain: string, env?: Record<string, string>) => otherLedger(system, chain, { seconds, env });
  const ledger = 'dist/bench/ledger/ledger-program.js';
  const ackOnly = 'dist/bench/ledger/ack-only-program.js';
  return inTurn('ledger', rounds, {
    'ack only': () => consume(system, ackOnly, messages, 2_000),
    ledger: () => consume(system, ledger, messages, 2_000),
    'ledger, two hot accounts': () => consume(system, ledger, messages, 2),
    'a transaction a message, one at a time': () => other('tutorial', { BENCH_PREFETCH: '1' }),
    'a transaction a message, 20 at a time': () => other('tutorial', { BENCH_PREFETCH: '20' }),
    'pg-transactional-outbox, inbox': () => other('pg-transactional-outbox'),
  });
}

/** @param env the settings of another ledger than the system's */
export async function consume(
  system: BenchSystem,
  path: string,
  messages: number,
  accounts: number,
  env: Record<string, string> = {},
): Promise<Run> {
  await system.clear();
  const runId = await system.runId();
  const relay = await connectedBroker(system.env['PAID_ONCE_RELAY_AMQP_URL'] ?? '', 'bench'); // whom the ledger trusts
  await fillQueues(relay, { messages, accounts, runId });
  await relay.close();
  const program = await Program.start(path, { ...system.env, ...env, BENCH_MESSAGES: String(messages) });
  try {
    await untilQuiet(system.servers.broker.pid, system.servers.ledgerDb.pid);
    const postgres = cpuMeter(system.servers.ledgerDb.pid);
    const broker = cpuMeter(system.servers.broker.pid);
    const consumed = await program.go<Consumed>();
    const perMessage = (ms: number) => (ms * 1_000) / messages;
    const left = await system.messagesInQueues();
    if (left > 0) throw new Error(`${left} messages are still in the queues`);
    const { rows } = await system.ledger.query<{ parked: number }>(
      'SELECT count(*)::int AS parked FROM parked_message',
    );
    if (rows[0]?.parked !== 0) throw new Error(`${rows[0]?.parked} messages were parked: that is no posting`);
    return {
      perSecond: messages / consumed.seconds,
      nodeMicros: perMessage(consumed.cpuMs),
      postgresMicros: perMessage(postgres()),
      brokerMicros: perMessage(broker()),
      ...(consumed.peakMb !== undefined && { peakMb: consumed.peakMb }),
      ...(consumed.batchSize !== undefined && { batchSize: consumed.batchSize }),
    };
  } finally {
    await program.stop();
  }
}
