import { managedProcesses } from '../../apps/cli/src/stack/managed-processes.js';
import { seededRandom } from '../../apps/cli/src/chapters/seeded-random.js';
import type { TestStack } from './test-stack.js';

/** Restarts each process of the system, servers too, one after the other, in an order that comes again with the seed. */
export async function restartInTurn(system: TestStack, seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const processes = managedProcesses(system.stack)
    .map((process) => ({ process, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ process }) => process);
  for (const process of processes)
    await process.restart().catch((error: unknown) => {
      // A service that waits for what is restarted next is up all the same, and ready later.
      if (process.kind === 'server') throw error;
    });
  return processes.map(({ name }) => name);
}
