import type { Random } from '../dice.js';
import { negative, type ToxicType } from './behaviour.js';

/** Each chunk leaves `latency ± jitter` ms after it arrived; order and throughput are kept. */
export const latency: ToxicType<'latency' | 'jitter'> = {
  attributes: { latency: 'int64', jitter: 'int64' },
  capacity: 1024,
  fault: (attributes) => negative(attributes, 'latency', 'jitter'),
  behaviour: (attributes) => async (stage) => {
    for (;;) {
      const taken = await stage.take();
      if (taken.kind === 'end') return stage.close(taken.ending);
      if (taken.kind !== 'chunk') return;
      const { data, arrivedMs } = taken.chunk;
      const waitMs =
        attributes.latency + drawnJitter(attributes.jitter, stage.random) - (performance.now() - arrivedMs);
      await stage.pause(waitMs);
      // The delay counts as time before arrival for the next latency toxic: the two add up.
      await stage.send(data, arrivedMs + waitMs);
      if (stage.interrupted) return;
    }
  },
};

/** Whole ms, uniform in [-jitter, +jitter). */
function drawnJitter(jitter: number, random: Random): number {
  return jitter > 0 ? Math.floor(random() * jitter * 2) - jitter : 0;
}
