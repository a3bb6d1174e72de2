import { negative, type ToxicType } from './behaviour.js';

/** Data flows; only the end of the direction is passed on `delay` ms late. */
export const slowClose: ToxicType<'delay'> = {
  attributes: { delay: 'int64' },
  fault: (attributes) => negative(attributes, 'delay'),
  behaviour:
    ({ delay }) =>
    async (stage) => {
      for (;;) {
        const taken = await stage.take();
        if (taken.kind === 'end') {
          await stage.pause(delay);
          return stage.interrupted ? undefined : stage.close(taken.ending);
        }
        if (taken.kind !== 'chunk') return;
        await stage.send(taken.chunk.data, taken.chunk.arrivedMs);
      }
    },
};
