import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are still held once the collector has taken the rest: how much garbage waits for it is a matter of luck. */
export function liveHeap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
