import { describe, expect, it } from '@jest/globals';
import { packs, type Pack } from './fault.js';
import { faultKinds, kindCalled, kindsOf } from './faults/index.js';
import { planOperations } from './operations.js';
import { makeSchedule, readSchedule } from './schedule.js';

const ofPack = (pack: Pack, seed = 7, seconds = 60) => makeSchedule({ seed, seconds, pack });
const manySeeds = Array.from({ length: 50 }, (_, seed) => seed);

describe('a schedule', () => {
  it.each(packs)('%s: is the same for the same seed, and another one for another', (pack) => {
    expect(ofPack(pack, 7)).toEqual(ofPack(pack, 7));
    expect(ofPack(pack, 7).steps).not.toEqual(ofPack(pack, 8).steps);
  });

  it.each(packs)('%s: holds only faults of its pack, all over before the run is', (pack) => {
    const own = new Set([...kindsOf(pack), ...(pack === 'net' ? [kindCalled('link')] : [])]);
    for (const seed of manySeeds) {
      const { steps } = ofPack(pack, seed);
      expect(steps.length).toBeGreaterThan(2);
      for (const { fault, atMs, lastsMs } of steps) {
        expect(own).toContain(kindCalled(fault));
        expect(atMs + lastsMs).toBeLessThanOrEqual(60_000);
      }
    }
  });

  it('never lets two faults take hold of the same thing at once', () => {
    for (const { steps } of manySeeds.map((seed) => ofPack('all', seed, 180)))
      for (const [number, step] of steps.entries())
        for (const other of steps.slice(number + 1)) {
          const both = kindCalled(step.fault)
            .holds(step.with)
            .filter((held) => kindCalled(other.fault).holds(other.with).includes(held));
          if (other.atMs < step.atMs + step.lastsMs) expect(both).toEqual([]);
        }
  });

  it('comes to every kind of fault in three minutes', () => {
    for (const seed of manySeeds) {
      const met = new Set(ofPack('all', seed, 180).steps.map(({ fault }) => fault));
      expect(faultKinds.filter(({ name }) => !met.has(name)).map(({ name }) => name)).toEqual([]);
    }
  });

  it('is read back from its file as it was, and what is none is refused', () => {
    const schedule = ofPack('all');
    expect(readSchedule(JSON.stringify(schedule))).toEqual(schedule);
    const [step] = schedule.steps;
    expect(() => readSchedule(JSON.stringify({ ...schedule, steps: [{ ...step, fault: 'rain' }] }))).toThrow(
      /rain/,
    );
    expect(() => readSchedule(JSON.stringify({ ...schedule, pack: 'rain' }))).toThrow(/pack/);
  });
});

describe('operations', () => {
  it('are the same for the same seed, in order, and every amount is another one', () => {
    const operations = planOperations(7, 60);
    expect(operations).toEqual(planOperations(7, 60));
    expect(operations).not.toEqual(planOperations(8, 60));
    expect(operations.map(({ atMs }) => atMs)).toEqual(
      operations.map(({ atMs }) => atMs).toSorted((a, b) => a - b),
    );
    const minor = operations
      .filter(({ kind }) => kind !== 'illegal')
      .map(({ body }) => (JSON.parse(body) as { amount: string }).amount.replace('.', ''));
    expect(new Set(minor).size).toBe(minor.length);
  });
});
