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

/** What a run says with `--json`. */
export type Result = ReturnType<typeof resultOf>;

/** The one object that the last line is. */
export function resultOf({ seed, seconds, pack }: Schedule, verdict: Verdict, directory: string) {
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

const counted = ['attempted', 'acknowledged', 'lost', 'unexpected', 'duplicated', 'recovered'] as const;

/** Of several runs. The verdict is the worst of them. @param results undefined: the run itself broke */
export function sumOf(results: readonly (Result | undefined)[]) {
  const ended = results.filter((result) => result !== undefined);
  const many = (verdict: Verdict['verdict']) => ended.filter((result) => result.verdict === verdict).length;
  const runs = {
    runs: results.length,
    passed: many('pass'),
    failed: many('fail'),
    inconclusive: many('inconclusive'),
    broke: results.length - ended.length,
  };
  const verdict: Verdict['verdict'] | 'broke' =
    runs.failed > 0 ? 'fail' : runs.broke > 0 ? 'broke' : runs.inconclusive > 0 ? 'inconclusive' : 'pass';
  const sums = counted.map((name) => [name, ended.reduce((sum, result) => sum + result[name], 0)]);
  return { verdict, ...runs, ...(Object.fromEntries(sums) as Record<(typeof counted)[number], number>) };
}

export const exitCodeOf = { pass: 0, fail: 1, inconclusive: 3, broke: 4 } as const;
