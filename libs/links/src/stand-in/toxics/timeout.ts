import { negative, type ToxicType } from './behaviour.js';

/**
 * Drops all data. `timeout` 0 keeps the connection open as a black hole; above 0 the connection is closed after that
 * many ms of silence: every chunk starts the clock again.
 */
export const timeout: ToxicType<'timeout'> = {
  attributes: { timeout: 'int64' },
  closesOnRemoval: true,
  fault: (attributes) => negative(attributes, 'timeout'),
  behaviour: (attributes) => async (stage) => {
    for (;;) {
      const taken = await stage.take(attributes.timeout > 0 ? attributes.timeout : undefined);
      if (taken.kind === 'end') return stage.close(taken.ending);
      if (taken.kind === 'silence') return stage.close('close');
      if (taken.kind === 'interrupted') return;
    }
  },
};
