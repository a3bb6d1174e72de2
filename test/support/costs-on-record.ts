import { readFile, writeFile } from 'node:fs/promises';

/** What 1,000 payments cost one stage. */
export interface Costs {
  statements: number;
  roundTrips: number;
  walBytes: number;
  amqpFrames: number;
}
export type Stage = 'payments' | 'relay' | 'ledger';

type OnRecord = Record<Stage, Record<keyof Costs, { figure: number; tolerancePercent: number }>>;

const file = new URL('../../docs/costs.json', import.meta.url);

export async function costsOnRecord(): Promise<OnRecord> {
  return JSON.parse(await readFile(file, 'utf8')) as OnRecord;
}

/** Replaces the figures; what they may vary by is for people to decide. */
export async function recordCosts(costs: Record<Stage, Costs>): Promise<void> {
  const record = await costsOnRecord();
  for (const [stage, figures] of Object.entries(record))
    for (const [what, entry] of Object.entries(figures))
      entry.figure = costs[stage as Stage][what as keyof Costs];
  await writeFile(file, `${JSON.stringify(record, null, 2)}\n`);
}

/** Rounded up: what only one of several runs costs is a cost, too. */
export function meanOf(runs: Costs[]): Costs {
  const mean = (what: keyof Costs) =>
    Math.ceil(runs.reduce((sum, costs) => sum + costs[what], 0) / runs.length);
  return {
    statements: mean('statements'),
    roundTrips: mean('roundTrips'),
    walBytes: mean('walBytes'),
    amqpFrames: mean('amqpFrames'),
  };
}

/** @returns a sentence for each figure that is not as on record; cheaper is told, too, or the next fault has room */
export function differencesFrom(record: OnRecord[Stage], costs: Costs): string[] {
  return Object.entries(record).flatMap(([what, { figure, tolerancePercent }]) => {
    const found = costs[what as keyof Costs];
    if (Math.abs(found - figure) <= (figure * tolerancePercent) / 100) return [];
    return found > figure
      ? `${what}: ${found}, more than the ${figure} on record`
      : `${what}: ${found}, cheaper than the ${figure} on record: put it there with PAID_ONCE_RECORD_COSTS=1`;
  });
}
