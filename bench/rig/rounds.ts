import { rounded, median, spread, type Spread } from './numbers.js';
import { say } from './say.js';

/** What one run of a variant measured. */
export interface Run {
  /** Operations a second: the higher, the better. */
  perSecond: number;
  /** Whatever else was measured, for the report. */
  [figure: string]: number | undefined;
}

export type Variants<Name extends string> = Record<Name, () => Promise<Run>>;

/** All runs of a stage, round by round. */
export class Rounds<Name extends string> {
  constructor(private readonly rounds: Record<Name, Run>[]) {}

  get names(): Name[] {
    return Object.keys(this.rounds[0] ?? {}) as Name[];
  }

  /** Some of the variants. */
  of(wanted: (name: string) => boolean): Rounds<string> {
    const chosen = (round: Record<Name, Run>) =>
      Object.fromEntries(Object.entries<Run>(round).filter(([name]) => wanted(name)));
    return new Rounds<string>(this.rounds.map(chosen));
  }

  /** The median of a figure over the rounds, to three digits. */
  median(name: Name, figure = 'perSecond'): number {
    return rounded(this.figure(name, figure).median);
  }

  figure(name: Name, figure = 'perSecond'): Spread {
    return spread(this.valuesOf(name, figure));
  }

  /**
   * How many times as much one variant does as another: the median of the ratios inside a round, because what else runs on
   * the machine changes between rounds more than within one.
   */
  ratio(name: Name, to: Name, figure = 'perSecond'): number {
    const others = this.valuesOf(to, figure);
    return rounded(median(this.valuesOf(name, figure).map((value, round) => value / (others[round] ?? NaN))));
  }

  toJSON(): Record<string, Record<string, Spread>> {
    return Object.fromEntries(
      this.names.map((name) => {
        const figures = Object.keys(this.rounds[0]?.[name] ?? {});
        return [name, Object.fromEntries(figures.map((figure) => [figure, this.figure(name, figure)]))];
      }),
    );
  }

  private valuesOf(name: Name, figure: string): number[] {
    return this.rounds.map((round) => round[name][figure] ?? NaN);
  }
}

/** Runs all variants in turn, as many times: A B C A B C. */
export async function inTurn<Name extends string>(
  stage: string,
  rounds: number,
  variants: Variants<Name>,
): Promise<Rounds<Name>> {
  const runs: Record<Name, Run>[] = [];
  for (let round = 1; round <= rounds; round++) {
    const of: Partial<Record<Name, Run>> = {};
    for (const [name, run] of Object.entries(variants) as [Name, () => Promise<Run>][]) {
      of[name] = await run();
      say(`${stage} ${round}/${rounds}  ${name}: ${figuresOf(of[name])}`);
    }
    runs.push(of as Record<Name, Run>);
  }
  return new Rounds(runs);
}

function figuresOf({ perSecond, ...others }: Run): string {
  const further = Object.entries(others).map(([name, value]) => `${name} ${rounded(value ?? NaN)}`);
  return [`${Math.round(perSecond).toLocaleString('en')}/s`, ...further].join(', ');
}
