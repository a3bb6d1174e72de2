import { describe, expect, it } from '@jest/globals';
import { readToxicName, toxicsOf } from './fault-toxics.js';
import { faultKinds, faultPreset, faultPresets, type Fault } from './faults.js';
import { faultsOn } from './faults-on.js';
import type { LinkToxic, ShownToxic } from './link-control.js';

const since = new Date('2026-11-22T10:00:00.700Z');
const toTheSecond = new Date('2026-11-22T10:00:00.000Z');

const translations: [Fault, Omit<LinkToxic, 'name'>[]][] = [
  [{ kind: 'cut' }, [{ type: 'noop', stream: 'downstream' }]],
  [{ kind: 'slow', ms: 800 }, [{ type: 'latency', stream: 'downstream', attributes: { latency: 800 } }]],
  [
    { kind: 'reset', percent: 30 },
    [{ type: 'reset_peer', stream: 'upstream', toxicity: 0.3, attributes: { timeout: 0 } }],
  ],
  [
    { kind: 'reset', percent: 7, stream: 'downstream' },
    [{ type: 'reset_peer', stream: 'downstream', toxicity: 0.07, attributes: { timeout: 0 } }],
  ],
  [
    { kind: 'reset', percent: 100, stream: 'both' },
    [
      { type: 'reset_peer', stream: 'upstream', toxicity: 1, attributes: { timeout: 0 } },
      { type: 'reset_peer', stream: 'downstream', toxicity: 1, attributes: { timeout: 0 } },
    ],
  ],
  [{ kind: 'lose-answers' }, [{ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } }]],
  [{ kind: 'lose-requests' }, [{ type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } }]],
  [
    { kind: 'half-open' },
    [
      { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } },
      { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } },
    ],
  ],
  [
    { kind: 'drip' },
    [
      {
        type: 'slicer',
        stream: 'upstream',
        attributes: { average_size: 48, size_variation: 16, delay: 500 },
      },
      {
        type: 'slicer',
        stream: 'downstream',
        attributes: { average_size: 48, size_variation: 16, delay: 500 },
      },
    ],
  ],
];

/** What Toxiproxy shows of a toxic that it was given. */
const shown = (toxic: LinkToxic): ShownToxic => ({
  name: toxic.name ?? '',
  type: toxic.type,
  stream: toxic.stream ?? 'downstream',
  toxicity: Math.fround(toxic.toxicity ?? 1),
  attributes: { ...toxic.attributes },
});

describe('a fault', () => {
  it.each(translations)('%j becomes these toxics, with its kind and time in their names', (fault, toxics) => {
    const names = toxics.map((_, index) => `${fault.kind}.${index}@1795341600`);
    expect(toxicsOf(fault, since)).toEqual(toxics.map((toxic, index) => ({ name: names[index], ...toxic })));
  });

  it.each(translations)('%j is told from a link that has its toxics, with its time', (fault) => {
    const toxics = toxicsOf(fault, since, 3).map(shown);
    const whole = fault.kind === 'reset' ? { stream: 'upstream', ...fault } : fault;
    expect(faultsOn({ enabled: fault.kind !== 'cut', toxics })).toEqual([
      { fault: whole, since: toTheSecond },
    ]);
  });

  it('has a translation, whichever it is', () =>
    expect(new Set(translations.map(([{ kind }]) => kind))).toEqual(new Set(faultKinds)));

  it.each([0, -1, 1.5, Number.NaN])('that is slow by %s ms is refused', (ms) =>
    expect(() => toxicsOf({ kind: 'slow', ms }, since)).toThrow(RangeError),
  );
  it.each([0, -1, 100.1, Number.NaN])('that resets %s percent is refused', (percent) =>
    expect(() => toxicsOf({ kind: 'reset', percent }, since)).toThrow(RangeError),
  );
});

describe('what is broken on a link', () => {
  const stranger = shown({ name: 'mine', type: 'reset_peer', stream: 'upstream', toxicity: 0.5 });

  it('is nothing when it is whole', () => expect(faultsOn({ enabled: true, toxics: [] })).toEqual([]));
  it('is all of it, the oldest first, toxics of others last', () => {
    const later = toxicsOf({ kind: 'slow', ms: 5 }, new Date(since.getTime() + 60_000)).map(shown);
    const earlier = toxicsOf({ kind: 'lose-answers' }, since).map(shown);
    expect(faultsOn({ enabled: true, toxics: [stranger, ...later, ...earlier] })).toMatchObject([
      { fault: { kind: 'lose-answers' } },
      { fault: { kind: 'slow', ms: 5 } },
      { toxic: stranger },
    ]);
  });
  it('is a toxic of somebody else, whose time nobody knows', () =>
    expect(faultsOn({ enabled: true, toxics: [stranger] })).toEqual([{ toxic: stranger }]));
  it('is a cut without a time, if somebody else disabled the link', () =>
    expect(faultsOn({ enabled: false, toxics: [] })).toEqual([{ fault: { kind: 'cut' } }]));
  it('is no cut any more when somebody else has enabled the link and left its mark', () =>
    expect(faultsOn({ enabled: true, toxics: toxicsOf({ kind: 'cut' }, since).map(shown) })).toEqual([]));
});

describe('a name', () => {
  it.each([
    '',
    'latency_downstream',
    'slow',
    'slow.0',
    'slow.0@',
    'slow@1',
    'slower.0@1',
    'slow.x@1',
    'slow.0@1x',
  ])('"%s" is not taken for a fault’s', (name) => expect(readToxicName(name)).toBeUndefined());
  it.each(Object.entries(faultPresets))('%s stands for a fault of a link', (name, preset) =>
    expect(faultPreset(name)).toEqual(preset),
  );
  it.each(['', 'cut', 'toString'])('"%s" stands for none', (name) =>
    expect(faultPreset(name)).toBeUndefined(),
  );
});
