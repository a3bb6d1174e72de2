import { formatAmount } from '@paid-once/contracts';
import type { Amount, Hop } from './chapter-result.js';

/** Something that was meant to happen, or did, under the name by which the two are joined. */
export interface Entry {
  /** Of a row `run/row`, of a payment its id. */
  key: string;
  /** In euro cents. */
  minor: bigint;
}

/**
 * What became of each intended entry, one by one. A difference of two sums would let a lost payment and one that was
 * paid twice make up for each other.
 * @throws Error something was recorded that nobody intended, or with another amount: no model allows that
 */
export function countHop(intended: Iterable<Entry>, recorded: Iterable<Entry>): Hop {
  const wanted = new Map<string, bigint>();
  for (const { key, minor } of intended) {
    if (wanted.has(key)) throw new Error(`Bug: ${key} is intended twice`);
    wanted.set(key, minor);
  }
  const found = new Set<string>();
  const lost = new Sum();
  const twice = new Sum();
  let count = 0;
  for (const { key, minor } of recorded) {
    const due = wanted.get(key);
    if (due !== minor)
      throw new Error(`${key} was recorded with ${minor} cents, and ${due ?? 'nothing'} was intended`);
    if (found.has(key)) twice.add(minor);
    found.add(key);
    count++;
  }
  for (const [key, minor] of wanted) if (!found.has(key)) lost.add(minor);
  return { intended: wanted.size, recorded: count, lost: lost.amount, twice: twice.amount };
}

class Sum {
  private count = 0;
  private minor = 0n;

  add(minor: bigint): void {
    this.count++;
    this.minor += minor;
  }

  get amount(): Amount {
    return { count: this.count, euros: formatAmount(this.minor, 'EUR') };
  }
}
