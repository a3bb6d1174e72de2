import { z } from 'zod';
import { Dice } from './dice.js';
import { packs, type FaultKind, type Pack, type With } from './fault.js';
import { kindCalled, kindsOf } from './faults/index.js';

/** A fault in its time: milliseconds from the beginning of the run. */
export interface Step {
  atMs: number;
  lastsMs: number;
  fault: string;
  with: With;
}

/** All that is needed to run it again: what is done to the system, and what is asked of it, follow from this. */
export interface Schedule {
  seed: number;
  seconds: number;
  pack: Pack;
  steps: Step[];
}

const scheduleFile = z.object({
  seed: z.number().int(),
  seconds: z.number().int().positive(),
  pack: z.enum(packs),
  steps: z.array(
    z.object({
      atMs: z.number().nonnegative(),
      lastsMs: z.number().nonnegative(),
      fault: z.string().refine((name) => kindCalled(name)),
      with: z.record(z.string(), z.union([z.string(), z.number()])),
    }),
  ),
});

/** @throws ZodError | Error what is in the file is no schedule of ours */
export function readSchedule(json: string): Schedule {
  return scheduleFile.parse(JSON.parse(json));
}

const firstAtMs = 2_000;
/** What a run must meet is left alone. */
const afterStaplesMs = 12_000;
/** The last faults have this long to do harm before all is healed. */
const endsBeforeMs = 3_000;
const betweenMs = [2_000, 8_000] as const;
const atOnce = [1, 3] as const;
/** So often another victim is tried before a fault is put back. */
const tries = 8;

/**
 * Draws a schedule: every two to eight seconds one to three faults that do not touch the same thing. Each kind of the pack
 * comes once before any comes twice.
 */
export function makeSchedule({ seed, seconds, pack }: Omit<Schedule, 'steps'>): Schedule {
  const dice = new Dice(seed, `schedule ${pack}`);
  const endMs = seconds * 1_000 - endsBeforeMs;
  const steps = staplesOf(pack).filter(({ atMs, lastsMs }) => atMs + lastsMs <= endMs);
  const deck = new Deck(kindsOf(pack), dice);
  for (
    let atMs = steps.length > 0 ? afterStaplesMs : firstAtMs;
    atMs < endMs;
    atMs += dice.integer(...betweenMs)
  )
    for (const kind of deck.draw(dice.integer(...atOnce))) {
      const step = drawStep(kind, { atMs, endMs }, steps, dice);
      if (step) steps.push(step);
      else deck.putBack(kind);
    }
  return { seed, seconds, pack, steps: steps.toSorted((a, b) => a.atMs - b.atMs) };
}

/** All kinds in a random order, then all again; one that found no place is the next to come. */
class Deck {
  private left: FaultKind[] = [];

  constructor(
    private readonly kinds: readonly FaultKind[],
    private readonly dice: Dice,
  ) {}

  draw(count: number): FaultKind[] {
    while (this.left.length < count) this.left.push(...this.dice.shuffled(this.kinds));
    return this.left.splice(0, count);
  }

  putBack(kind: FaultKind): void {
    this.left.unshift(kind);
  }
}

function drawStep(
  kind: FaultKind,
  { atMs, endMs }: { atMs: number; endMs: number },
  steps: readonly Step[],
  dice: Dice,
): Step | undefined {
  for (let left = tries; left > 0; left--) {
    const drawn = { atMs, lastsMs: dice.integer(...kind.lastsMs), fault: kind.name, with: kind.draw(dice) };
    if (drawn.atMs + drawn.lastsMs <= endMs && !steps.some((step) => collide(step, drawn))) return drawn;
  }
  return undefined;
}

function collide(one: Step, other: Step): boolean {
  const end = ({ atMs, lastsMs, fault }: Step) => atMs + lastsMs + (kindCalled(fault).healsInMs ?? 1_000);
  if (end(one) <= other.atMs || end(other) <= one.atMs) return false;
  const theirs = kindCalled(other.fault).holds(other.with);
  return kindCalled(one.fault)
    .holds(one.with)
    .some((held) => theirs.includes(held));
}

/**
 * What a run must meet to count, wherever a pack can bring it about: a confirm that is lost, an ack that is lost, an answer
 * that a client does not get, and a request that payments does not get.
 */
function staplesOf(pack: Pack): Step[] {
  if (pack !== 'all' && pack !== 'net') return [];
  const broken = (atMs: number, link: string, kind: string): Step => ({
    atMs,
    lastsMs: 3_000,
    fault: 'link',
    with: { link, kind },
  });
  return [
    broken(2_000, 'relay-rabbitmq', 'lose-answers'),
    broken(2_000, 'ledger-rabbitmq', 'lose-requests'),
    broken(2_500, 'payment', 'lose-answers'),
    broken(7_000, 'payment', 'lose-requests'),
  ];
}
