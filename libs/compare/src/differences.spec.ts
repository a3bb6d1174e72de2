import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { liveHeap } from '../../../test/support/live-heap.js';
import { differences, type Difference } from './differences.js';
import type { ExportRow } from './export-row.js';
import { inRanges } from './ranges.js';
import { eventRow, paymentIdOf, stream } from './test/rows.js';

const faults = [
  'none',
  'not-posted',
  'unexpected',
  'posted-again',
  'amount',
  'account',
  'currency',
  'reversed-first',
] as const;
const payment = fc.record({
  fault: fc.constantFrom(...faults),
  reversed: fc.boolean(),
  minor: fc.integer({ min: 1, max: 999 }),
});

describe('the merge join of two ledgers', () => {
  it('finds exactly the differences that were planted, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(payment, { maxLength: 60 }), async (life) => {
        const { payments, ledger, planted } = plant(life);
        expect(await found(differences(stream(payments), stream(ledger)))).toEqual(planted);
      }),
      { numRuns: 300 },
    );
  });

  it('finds the same when both are read in ranges of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(payment, { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (life, size) => {
          const { payments, ledger, planted } = plant(life);
          const seen: string[] = [];
          for await (const { rows, after, to } of inRanges(stream(ledger), size)) {
            const range = payments.filter(
              ({ paymentId }) =>
                (after === undefined || paymentId > after) && (to === undefined || paymentId <= to),
            );
            seen.push(...(await found(differences(stream(range), stream(rows)))));
          }
          expect(seen).toEqual(planted);
        },
      ),
    );
  });

  it('refuses a side that is not in order, instead of reporting what is not so', async () => {
    const rows = [eventRow(2), eventRow(1)];
    await expect(found(differences(stream(rows), stream([])))).rejects.toThrow('payments exported');
    await expect(found(differences(stream([]), stream(rows)))).rejects.toThrow('the ledger exported');
  });

  it('reads 300,000 rows a side in constant memory', async () => {
    const count = 300_000;
    const missing = new Set([17, 150_000, count - 1]);
    async function* rows(without: Set<number>): AsyncGenerator<ExportRow, void> {
      for (let index = 0; index < count; index++) if (!without.has(index)) yield eventRow(index);
    }
    const before = liveHeap();
    let most = 0;
    let passed = 0;
    async function* watched(): AsyncGenerator<ExportRow, void> {
      for await (const row of rows(new Set())) {
        if (++passed % 50_000 === 0) most = Math.max(most, liveHeap() - before);
        yield row;
      }
    }
    expect(await found(differences(watched(), rows(missing)))).toEqual(
      [...missing].map((index) => `only-payments ${paymentIdOf(index)} payment.accepted`),
    );
    expect(most).toBeLessThan(20 * 2 ** 20); // all rows of one side alone would take more than 100 MB
  }, 60_000);
});

async function found(all: AsyncIterable<Difference>): Promise<string[]> {
  const names: string[] = [];
  for await (const { kind, row } of all) names.push(`${kind} ${row.paymentId} ${row.type}`);
  return names;
}

/** Two ledgers with these payments, and what should be found. */
function plant(life: { fault: (typeof faults)[number]; reversed: boolean; minor: number }[]) {
  const [payments, ledger, planted]: [ExportRow[], ExportRow[], string[]] = [[], [], []];
  life.forEach(({ fault, reversed, minor }, index) => {
    const accepted = eventRow(index, { amountMinor: String(minor) });
    const reversal = eventRow(index, { amountMinor: String(minor), type: 'payment.reversed' });
    const events = reversed || fault === 'reversed-first' ? [accepted, reversal] : [accepted];
    if (fault !== 'unexpected') payments.push(...events);
    for (const row of events) {
      const kind = kindOf(fault, row);
      if (kind !== undefined) planted.push(`${kind} ${row.paymentId} ${row.type}`);
      if (kind === 'only-payments') continue;
      if (fault === 'amount') ledger.push({ ...row, amountMinor: String(minor + 1) });
      else if (fault === 'account') ledger.push({ ...row, dest: 'mallory' });
      else if (fault === 'currency') ledger.push({ ...row, currency: 'USD' });
      else ledger.push(row);
      if (fault === 'posted-again') ledger.push({ ...row });
    }
  });
  return { payments, ledger, planted };
}

function kindOf(fault: (typeof faults)[number], { type }: ExportRow): Difference['kind'] | undefined {
  switch (fault) {
    case 'none':
      return undefined;
    case 'not-posted':
      return 'only-payments';
    case 'unexpected':
      return 'only-ledger';
    case 'posted-again':
      return 'posted-again';
    case 'amount':
    case 'account':
    case 'currency':
      return 'amount-differs';
    case 'reversed-first':
      return type === 'payment.accepted' ? 'only-payments' : 'reversed-first';
  }
}
