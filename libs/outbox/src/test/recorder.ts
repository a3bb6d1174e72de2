import type { Publish } from '../publish.js';
import type { OutboxRow } from '../window.js';

/** Stands where the broker is: keeps what was published, in order. */
export class Recorder {
  readonly rows: OutboxRow[] = [];
  /** Called after a slice was recorded and before it counts as confirmed. */
  beforeConfirm: (rows: OutboxRow[]) => Promise<void> | void = () => {};

  readonly publish = async (_shard: number, rows: OutboxRow[]): Promise<void> => {
    this.rows.push(...rows);
    await this.beforeConfirm(rows);
  };

  /** As one lane of the broker's: the next slice may leave before this one is confirmed, and fails when this one does. */
  lane(): Publish {
    let last: Promise<void> = Promise.resolve();
    return async (_shard, rows, onLeft) => {
      const earlier = last;
      this.rows.push(...rows);
      const confirmed = (async () => {
        await earlier;
        await this.beforeConfirm(rows);
      })();
      last = confirmed;
      onLeft?.();
      await confirmed.finally(() => {
        if (last === confirmed) last = Promise.resolve();
      });
    };
  }

  get payloads(): string[] {
    return this.rows.map(({ payload }) => payload);
  }

  /** Each message where it came first. */
  get firstOccurrences(): OutboxRow[] {
    const seen = new Set<string>();
    return this.rows.filter(({ message_id }) => !seen.has(message_id) && seen.add(message_id));
  }
}
