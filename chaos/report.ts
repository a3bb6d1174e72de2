import Table from 'cli-table3';
import { invariants } from './checker/invariants.js';
import type { Verdict } from './checker/check.js';
import type { Schedule } from './schedule.js';

/** The six numbers at each stage, and what is wrong, for people. */
export function reportLines({ stages, violations, missed, met, caughtUpSeconds, peaks }: Verdict): string[] {
  const table = new Table({
    head: ['', 'attempted', 'acknowledged', 'lost', 'unexpected', 'duplicated', 'recovered'],
    style: { head: [], border: [] },
  });
  for (const [name, { attempted, acknowledged, lost, unexpected, duplicated, recovered }] of Object.entries(
    stages,
  ))
    table.push([name, attempted, acknowledged, lost, unexpected, duplicated, recovered]);
  return [
    table.toString(),
    `${met.faults} faults; RabbitMQ delivered ${met.redelivered} messages again, relays published again ${met.lostConfirms} times for want of a confirm,`,
    `and the ledgers absorbed ${met.absorbed} copies; of requests without an answer ${met.landed} had paid and ${met.notLanded} had not.`,
    `All had caught up ${caughtUpSeconds} s after the last healing. The largest process took ${peaks.memoryMb} MB, and ${peaks.files} files and sockets.`,
    ...violations.map(({ invariant, what }) => `✗ ${invariant} (${invariants[invariant]}): ${what}`),
    ...missed.map((what) => `? not hard enough: ${what}`),
  ];
}

/** The one object that the last line is. */
export function resultOf({ seed, seconds, pack }: Schedule, verdict: Verdict, directory: string): object {
  const whole = verdict.stages['client → ledger'];
  const { attempted, acknowledged, lost, unexpected, recovered } = whole;
  return {
    verdict: verdict.verdict,
    attempted,
    acknowledged,
    lost,
    unexpected,
    duplicated: whole.duplicated,
    recovered,
    seed,
    seconds,
    pack,
    caughtUpSeconds: verdict.caughtUpSeconds,
    ...verdict.met,
    ...verdict.peaks,
    violations: verdict.violations,
    missed: verdict.missed,
    stages: verdict.stages,
    ...(verdict.verdict !== 'pass' && { kept: directory }),
  };
}
