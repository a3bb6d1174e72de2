import type { Client } from 'pg';
import { wakeChannel } from '../../libs/outbox/src/wake-relays.js';
import { cpuMeter, Program } from '../rig/program.js';
import { inTurn, type Rounds, type Run } from '../rig/rounds.js';
import type { BenchSystem } from '../rig/system.js';

type WakeUp = 'none' | 'beside' | 'inside';

export interface WritersBench {
  /** Writes a second to those without a wake-up, in turn. */
  withWake8: number;
  withWake32: number;
  /** The same with pg_notify in the writing transaction. */
  notifyInside8: number;
  notifyInside32: number;
  rounds: Record<8 | 32, Rounds<WakeUp>>;
}

/** What it costs writers that relays are told of each commit, beside the transaction or inside it. */
export async function writersBench(
  system: BenchSystem,
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<WritersBench> {
  const relay = await system.connect('payments');
  await relay.query(`LISTEN ${wakeChannel}`);
  const measure = (writers: number) =>
    inTurn(`${writers} writers`, rounds, {
      none: () => write(system, relay, { writers, seconds, wakeUp: 'none' }),
      beside: () => write(system, relay, { writers, seconds, wakeUp: 'beside' }),
      inside: () => write(system, relay, { writers, seconds, wakeUp: 'inside' }),
    });
  const eight = await measure(8);
  const thirtyTwo = await measure(32);
  return {
    withWake8: eight.ratio('beside', 'none'),
    withWake32: thirtyTwo.ratio('beside', 'none'),
    notifyInside8: eight.ratio('inside', 'none'),
    notifyInside32: thirtyTwo.ratio('inside', 'none'),
    rounds: { 8: eight, 32: thirtyTwo },
  };
}

/** @throws Error what was written is not there, or the relays were told when they should not be, or not when they should */
async function write(
  system: BenchSystem,
  relay: Client,
  { writers, seconds, wakeUp }: { writers: number; seconds: number; wakeUp: WakeUp },
): Promise<Run> {
  await system.clear();
  let wakeUps = 0;
  const count = () => wakeUps++;
  relay.on('notification', count);
  const program = await Program.start('dist/bench/writers/writers-program.js', {
    ...system.env,
    BENCH_WRITERS: String(writers),
    BENCH_SECONDS: String(seconds),
    BENCH_WAKE_UP: wakeUp,
  });
  try {
    const postgres = cpuMeter(system.servers.paymentsDb.pid);
    const done = await program.go<{ written: number; seconds: number; cpuMs: number }>();
    await assertWritten(system, done.written);
    await relay.query('SELECT'); // what it was told before has arrived when this is answered
    if ((wakeUp === 'none') !== (wakeUps === 0))
      throw new Error(`wake-up ${wakeUp}, and relays were woken ${wakeUps} times`);
    return {
      perSecond: done.written / done.seconds,
      nodeMicros: (done.cpuMs * 1_000) / done.written,
      postgresMicros: (postgres() * 1_000) / done.written,
      wakeUps,
    };
  } finally {
    await program.stop();
    relay.off('notification', count);
  }
}

async function assertWritten(system: BenchSystem, written: number): Promise<void> {
  const { rows } = await system.payments.query<{ payments: number; messages: number }>(
    `SELECT (SELECT count(*) FROM payment_event)::int AS payments, (SELECT count(*) FROM outbox_message)::int AS messages`,
  );
  if (rows[0]?.payments !== written || rows[0].messages !== written)
    throw new Error(`${written} payments were written, but the tables hold ${JSON.stringify(rows[0])}`);
}
