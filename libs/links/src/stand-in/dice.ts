import { createHash, randomInt } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** From 0 to just under 1. */
export type Random = () => number;

/** Dice of one connection, by what they are thrown for. */
export type ConnectionDice = (purpose: string) => Random;

/**
 * What chance decides about connections, repeatable by a seed. The n-th connection of a proxy has dice of its own: what
 * others throw meanwhile, and when bytes happen to arrive, changes nothing about them.
 */
export class Dice {
  readonly #connections = new Map<string, number>();

  /** @param seed a whole number; without one, another one each time */
  constructor(private seed: number | bigint = randomInt(2 ** 47)) {}

  /** Starts anew: the next connection of each proxy counts as its first. Those that are open keep their dice. */
  reseed(seed: number | bigint): void {
    this.seed = seed;
    this.#connections.clear();
  }

  /** For the next connection of this proxy. */
  forConnection(proxy: string): ConnectionDice {
    const number = this.#connections.get(proxy) ?? 0;
    this.#connections.set(proxy, number + 1);
    const { seed } = this;
    return (purpose) => randomOf(JSON.stringify([String(seed), proxy, number, purpose]));
  }
}

function randomOf(text: string): Random {
  const generator = xoroshiro128plus(createHash('sha256').update(text).digest().readInt32LE());
  return () => uniformFloat64(generator);
}
