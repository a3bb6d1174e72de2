import { createHash } from 'node:crypto';
import { seededRandom } from '../apps/cli/src/chapters/seeded-random.js';

/** Chance that can be had again: the same seed and stream give the same throws, whatever other streams do. */
export class Dice {
  private readonly random: () => number;

  constructor(seed: number, stream: string) {
    this.random = seededRandom(createHash('sha256').update(`${seed}/${stream}`).digest().readInt32BE());
  }

  /** From 0 up to, but without, 1. */
  share(): number {
    return this.random();
  }

  /** A whole number, both ends included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error('Bug: there is nothing to pick from');
    return item;
  }

  /** Names by how often each is to come up. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let left = this.random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
    throw new Error('Bug: the weights do not add up');
  }

  shuffled<Item>(items: readonly Item[]): Item[] {
    const left = [...items];
    return items.map(() => left.splice(this.integer(0, left.length - 1), 1)[0] as Item);
  }
}
