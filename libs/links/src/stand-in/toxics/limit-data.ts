import type { ToxicType } from './behaviour.js';

/** Passes exactly `bytes` bytes of a connection, counted from when the toxic came, then closes it. */
export const limitData: ToxicType<'bytes'> = {
  attributes: { bytes: 'int64' },
  fault: ({ bytes }) => (bytes < 0 ? 'bytes must not be negative' : undefined),
  behaviour:
    ({ bytes }) =>
    async (stage) => {
      for (;;) {
        const taken = await stage.take();
        if (taken.kind === 'end') return stage.close(taken.ending);
        if (taken.kind !== 'chunk') return;
        const { data, arrivedMs } = taken.chunk;
        const passed = data.subarray(0, Math.max(bytes - stage.transmittedBytes, 0));
        stage.transmittedBytes += passed.length;
        if (passed.length > 0) await stage.send(passed, arrivedMs);
        if (stage.transmittedBytes >= bytes) return stage.close('close');
      }
    },
};
