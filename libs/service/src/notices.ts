import type { Logger } from '@nestjs/common';

/** Something that is not as it should be, and that nobody meets with an error. */
export interface Notice {
  /** Stays the same while it lasts, and tells in the log that it is over: `shard 3 has no owner`. */
  what: string;
  /** For people: what it means for the money, and what to do. */
  says: string;
  /** What of it others look for in logs: ids. */
  about?: object;
  /** How long it may be so before it is told, in seconds. */
  afterSeconds?: number;
}

/** One line of the log when something has begun to be so, one when it is over, however often somebody looks. */
export class Notices {
  private readonly lasting = new Map<string, { since: number; isTold: boolean }>();

  constructor(private readonly logger: Logger) {}

  /** @param notices all that is so now */
  show(notices: Notice[]): void {
    const now = performance.now();
    for (const { what, says, about, afterSeconds = 0 } of notices) {
      const state = this.lasting.get(what) ?? { since: now, isTold: false };
      this.lasting.set(what, state);
      if (state.isTold || now - state.since < afterSeconds * 1_000) continue;
      state.isTold = true;
      this.logger.warn(`${what}: ${says}`, ...(about ? [about] : []));
    }
    const current = new Set(notices.map(({ what }) => what));
    for (const [what, { since, isTold }] of this.lasting) {
      if (current.has(what)) continue;
      this.lasting.delete(what);
      if (isTold) this.logger.log(`over after ${((now - since) / 1_000).toFixed(1)} s: ${what}`);
    }
  }
}
