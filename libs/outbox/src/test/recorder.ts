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

  get payloads(): string[] {
    return this.rows.map(({ payload }) => payload);
  }

  /** Each message where it came first. */
  get firstOccurrences(): OutboxRow[] {
    const seen = new Set<string>();
    return this.rows.filter(({ message_id }) => !seen.has(message_id) && seen.add(message_id));
  }
}
