import { relayBench } from './relay/relay-bench.js';
import { BenchSystem } from './rig/system.js';

const system = await BenchSystem.start();
try {
  const relay = await relayBench(system, { rounds: 2, messages: 100_000 });
  console.log(
    relay.ratio('relay, 1 lane', 'publish only, 1 lane'),
    relay.ratio('relay, 2 lanes', 'publish only, 2 lanes'),
    relay.ratio('relay, 4 lanes', 'publish only, 4 lanes'),
  );
} finally {
  await system.stop();
}
