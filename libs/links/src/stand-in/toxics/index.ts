import { bandwidth } from './bandwidth.js';
import type { ToxicType } from './behaviour.js';
import { latency } from './latency.js';
import { limitData } from './limit-data.js';
import { noop } from './noop.js';
import { resetPeer } from './reset-peer.js';
import { slicer } from './slicer.js';
import { slowClose } from './slow-close.js';
import { timeout } from './timeout.js';

/** By the name the HTTP API knows them under. */
export const toxicTypes: ReadonlyMap<string, ToxicType> = new Map<string, ToxicType>([
  ['bandwidth', bandwidth],
  ['latency', latency],
  ['limit_data', limitData],
  ['noop', noop],
  ['reset_peer', resetPeer],
  ['slicer', slicer],
  ['slow_close', slowClose],
  ['timeout', timeout],
]);
