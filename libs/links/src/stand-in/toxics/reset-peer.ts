import { negative, type ToxicType } from './behaviour.js';

/** Waits for the first chunk, then `timeout` ms, then closes; with RST if the connection is younger than the toxic. */
export const resetPeer: ToxicType<'timeout'> = {
  attributes: { timeout: 'int64' },
  closesWithReset: true,
  fault: (attributes) => negative(attributes, 'timeout'),
  behaviour: (attributes) => async (stage) => {
    const taken = await stage.take();
    if (taken.kind === 'interrupted') return;
    await stage.sleep(attributes.timeout); // once begun, taking the toxic away does not save the connection
    await stage.close('close');
  },
};
