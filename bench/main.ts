import { ledgerBench } from './ledger/ledger-bench.js';
import { BenchSystem } from './rig/system.js';

const system = await BenchSystem.start();
try {
  const ledger = await ledgerBench(system, { rounds: 3, messages: 100_000 });
  console.log(ledger.ratio('ledger', 'ack only'), ledger.ratio('ledger, two hot accounts', 'ack only'));
} finally {
  await system.stop();
}
