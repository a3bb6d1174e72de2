import type { Random } from '../dice.js';
import { negative, type Attributes, type ToxicType } from './behaviour.js';

type Sizes = Attributes<'average_size' | 'size_variation'>;

/** Splits chunks into pieces of about `average_size` bytes, `delay` µs apart. */
export const slicer: ToxicType<'average_size' | 'size_variation' | 'delay'> = {
  attributes: { average_size: 'int', size_variation: 'int', delay: 'int' },
  fault: (attributes) => {
    if (attributes.average_size < 1) return 'average_size must be at least 1';
    if (attributes.size_variation >= attributes.average_size)
      return 'size_variation must be less than average_size';
    return negative(attributes, 'size_variation', 'delay');
  },
  behaviour: (attributes) => async (stage) => {
    let owedMs = 0; // timers are no finer than a millisecond: shorter delays are saved up
    for (;;) {
      const taken = await stage.take();
      if (taken.kind === 'end') return stage.close(taken.ending);
      if (taken.kind !== 'chunk') return;
      const { data, arrivedMs } = taken.chunk;
      let sent = 0;
      for (const end of cuts(0, data.length, attributes, stage.random)) {
        if (stage.interrupted) break;
        await stage.send(data.subarray(sent, end), arrivedMs);
        sent = end;
        owedMs += attributes.delay / 1_000;
        if (owedMs < 1) continue;
        const startMs = performance.now();
        await stage.pause(owedMs);
        owedMs -= performance.now() - startMs;
      }
      if (sent < data.length) await stage.send(data.subarray(sent), arrivedMs);
      if (stage.interrupted) return;
    }
  },
};

/** Where the pieces of [start, end) end: halved until they are short enough, each cut moved by up to ± variation. */
function* cuts(start: number, end: number, sizes: Sizes, random: Random): Generator<number> {
  const { average_size: average, size_variation: variation } = sizes;
  if (end - start - average <= variation) {
    yield end;
    return;
  }
  const shift = variation > 0 ? Math.floor(random() * variation * 2) - variation : 0;
  const middle = start + Math.floor((end - start) / 2) + shift;
  yield* cuts(start, middle, sizes, random);
  yield* cuts(middle, end, sizes, random);
}
