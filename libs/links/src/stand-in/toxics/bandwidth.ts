import type { Stage } from '../stage.js';
import type { ToxicType } from './behaviour.js';

const sliceMs = 100;

/** At most `rate` KB/s (1 KB = 1000 bytes = one byte a millisecond); 0 stalls until the toxic is taken away. */
export const bandwidth: ToxicType<'rate'> = {
  attributes: { rate: 'int64' },
  fault: ({ rate }) => (rate < 0 ? 'rate must not be negative' : undefined),
  behaviour:
    ({ rate }) =>
    async (stage) => {
      let owedMs = 0; // what earlier chunks came too late or too early by
      for (;;) {
        const taken = await stage.take();
        if (taken.kind === 'end') return stage.close(taken.ending);
        if (taken.kind !== 'chunk') return;
        const { data, arrivedMs } = taken.chunk;
        if (rate === 0) {
          await stage.pause(Infinity);
          await stage.send(data, arrivedMs);
          return;
        }
        owedMs += data.length / rate;
        const rest = await inSlices(stage, data, arrivedMs, rate * sliceMs);
        owedMs -= (data.length - rest.length) / rate;
        const startMs = performance.now();
        await stage.pause(owedMs);
        owedMs -= performance.now() - startMs;
        await stage.send(rest, arrivedMs);
        if (stage.interrupted) return;
      }
    },
};

/** Sends whole slices, one every 100 ms, and returns what is left: at most one slice, or all there is when interrupted. */
async function inSlices(stage: Stage, data: Buffer, arrivedMs: number, sliceBytes: number): Promise<Buffer> {
  for (let sent = 0; ; sent += sliceBytes) {
    if (data.length - sent <= sliceBytes) return data.subarray(sent);
    await stage.pause(sliceMs);
    if (stage.interrupted) return data.subarray(sent);
    await stage.send(data.subarray(sent, sent + sliceBytes), arrivedMs);
  }
}
