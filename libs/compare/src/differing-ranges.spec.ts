import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { differingRanges, type DifferingRange } from './differing-ranges.js';
import type { Bucket } from './digests.js';
import { idsOf, uuidBefore } from './id-range.js';
import { stream } from './test/rows.js';

const side = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom('a', 'b')), {
  selector: ([index]) => index,
  maxLength: 40,
});

describe('the merge join of two sides’ digests', () => {
  it('names every bucket that differs in one of its ranges, and agrees on every other, once', async () => {
    await fc.assert(
      fc.asyncProperty(side, side, async (left, right) => {
        const [payments, ledger] = [bucketsOf(left), bucketsOf(right)];
        const { ranges, agreed } = await joined(payments, ledger);
        const hashes = (buckets: Bucket[]) => new Map(buckets.map(({ bucket, hash }) => [bucket, hash]));
        const [atPayments, atLedger] = [hashes(payments), hashes(ledger)];
        for (const name of new Set([...atPayments.keys(), ...atLedger.keys()])) {
          const same = atPayments.get(name) === atLedger.get(name);
          const { until } = idsOf(name);
          const within = ranges.filter((range) => range.after < until && until <= range.until);
          expect([agreed.filter((each) => each === name).length, within.length]).toEqual(
            same ? [1, 0] : [0, 1],
          );
        }
      }),
    );
  });

  it('makes one range of neighbours that differ', async () => {
    const { ranges } = await joined(
      [1, 2, 3, 4, 5, 6].map((index) => bucketOf(index, 'a')),
      [1, 2, 3, 4, 5, 6].map((index) => bucketOf(index, [2, 3, 6].includes(index) ? 'b' : 'a')),
    );
    expect(ranges.map(({ after, until, rows }) => [after.slice(0, 8), until.slice(0, 8), rows])).toEqual([
      ['00000001', '00000003', 2],
      ['00000005', '00000006', 1],
    ]);
  });

  it('takes no two digests for equal that differ in money or counts alone', async () => {
    const one = bucketOf(1, 'a');
    for (const other of [
      { ...one, totals: { EUR: '101' } },
      { ...one, totals: { EUR: '100', JPY: '0' } },
      { ...one, payments: 0, reversals: 1 },
    ])
      expect((await joined([one], [other])).agreed).toEqual([]);
  });

  it('refuses a side that is not in order, instead of reporting what is not so', async () => {
    const buckets = [bucketOf(2, 'a'), bucketOf(1, 'a')];
    await expect(joined(buckets, [])).rejects.toThrow('payments sent the digest');
    await expect(joined([], buckets)).rejects.toThrow('the ledger sent the digest');
  });
});

describe('a bucket', () => {
  it('holds the ids from its first to its last, whatever follows its digits', () => {
    expect(idsOf('019a0000')).toEqual({
      after: '0199ffff-ffff-ffff-ffff-ffffffffffff',
      until: '019a0000-ffff-ffff-ffff-ffffffffffff',
    });
    expect(idsOf('019a0000ab')).toEqual({
      after: '019a0000-aaff-ffff-ffff-ffffffffffff',
      until: '019a0000-abff-ffff-ffff-ffffffffffff',
    });
    expect(uuidBefore('00000000-0000-0000-0000-000000000000')).toBe('00000000-0000-0000-0000-000000000000');
  });
});

async function joined(payments: Bucket[], ledger: Bucket[]) {
  const agreed: string[] = [];
  const ranges: DifferingRange[] = [];
  for await (const range of differingRanges(stream(payments), stream(ledger), ({ bucket }) =>
    agreed.push(bucket),
  ))
    ranges.push(range);
  return { ranges, agreed };
}

function bucketsOf(made: [number, string][]): Bucket[] {
  return made.toSorted(([a], [b]) => a - b).map(([index, hash]) => bucketOf(index, hash));
}

function bucketOf(index: number, hash: string): Bucket {
  const bucket = index.toString(16).padStart(8, '0');
  return { bucket, count: 1, payments: 1, reversals: 0, totals: { EUR: '100' }, hash };
}
