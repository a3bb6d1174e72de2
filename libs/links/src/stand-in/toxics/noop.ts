import type { ToxicBehaviour, ToxicType } from './behaviour.js';

export const passOn: ToxicBehaviour = async (stage) => {
  for (;;) {
    const taken = await stage.take();
    if (taken.kind === 'chunk') await stage.send(taken.chunk.data, taken.chunk.arrivedMs);
    else if (taken.kind === 'end') return stage.close(taken.ending);
    else return;
  }
};

/** Passes everything on. */
export const noop: ToxicType<never> = { attributes: {}, behaviour: () => passOn };
