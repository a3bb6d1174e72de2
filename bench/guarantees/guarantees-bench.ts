import { consume } from '../ledger/ledger-bench.js';
import { drain } from '../relay/relay-bench.js';
import { cpuMeter, Program } from '../rig/program.js';
import { inTurn, type Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';

const ledger = 'dist/bench/ledger/ledger-program.js';

/** What each guarantee costs: the same stage with it, and with it alone switched off. Nobody should run it so. */
export async function guaranteesBench(
  system: BenchSystem,
  { rounds, messages }: { rounds: number; messages: number },
) {
  return inTurn('guarantees', rounds, {
    'payments, all on': () => accept(system, messages),
    'payments, no outbox': () => accept(system, messages, { BENCH_WITHOUT: 'outbox' }),
    'payments, no fsync': () => withoutFsync(system, () => accept(system, messages)),
    'relay, all on': () => drain(system, messages, 4),
    'relay, no confirms': () => drain(system, messages, 4, { BENCH_WITHOUT: 'confirms' }),
    'ledger, all on': () => consume(system, ledger, messages, 2_000),
    'ledger, no inbox': () => consume(system, ledger, messages, 2_000, { BENCH_WITHOUT: 'inbox' }),
  });
}

async function accept(system: BenchSystem, payments: number, env: Record<string, string> = {}): Promise<Run> {
  await system.clear();
  const program = await Program.start('dist/bench/guarantees/accept-program.js', {
    ...system.env,
    ...env,
    BENCH_PAYMENTS: String(payments),
  });
  try {
    const postgres = cpuMeter(system.servers.paymentsDb.pid);
    const taken = await program.go<{ messages: number; seconds: number; cpuMs: number }>();
    return {
      perSecond: taken.messages / taken.seconds,
      nodeMicros: (taken.cpuMs * 1_000) / taken.messages,
      postgresMicros: (postgres() * 1_000) / taken.messages,
    };
  } finally {
    await program.stop();
  }
}

async function withoutFsync(system: BenchSystem, run: () => Promise<Run>): Promise<Run> {
  const set = async (value: 'on' | 'off') => {
    await system.payments.query(`ALTER SYSTEM SET fsync = ${value}`);
    await system.payments.query('SELECT pg_reload_conf()');
  };
  await set('off');
  try {
    return await run();
  } finally {
    await set('on');
  }
}
