import { Problem } from '@paid-once/service';
import type { Acceptance } from './accept-batch.js';

/**
 * How many commands ended how, since the process started. All that can be stands there from the beginning: a counter that
 * comes later has no rate for its first count.
 */
export class Outcomes {
  readonly counts: Record<Acceptance['kind'], number> & Record<string, number> = {
    accepted: 0,
    repeated: 0,
    'key-reused': 0,
    'not-found': 0,
    'already-reversed': 0,
    'outcome-unknown': 0,
    overloaded: 0,
    'idempotency-in-progress': 0,
    storage: 0,
    'temporarily-unavailable': 0,
    failed: 0,
  };

  async counting(command: Promise<Acceptance>): Promise<Acceptance> {
    try {
      const acceptance = await command;
      this.counts[acceptance.kind]++;
      return acceptance;
    } catch (error) {
      const outcome = error instanceof Problem ? error.type.replace('/problems/', '') : 'failed';
      this.counts[outcome] = (this.counts[outcome] ?? 0) + 1;
      throw error;
    }
  }
}
