import { NotPublished, Unpublishable, type Publish } from './publish.js';
import type { OutboxRow } from './window.js';

/** Why a message can never be published. */
export type Cause = Unpublishable['messages'][number];

/**
 * Publishes rows in their order around those that can never be: with such a one stays what follows it of its key.
 * A message is sent about twice at most, however many others fail: what is before the first failing one goes again, for
 * its confirms may be missing, and then what is after it.
 * @returns what was published, and why others cannot be, by message id
 * @throws NotPublished
 */
export async function publishAround(
  publish: Publish,
  shard: number,
  rows: OutboxRow[],
): Promise<{ published: OutboxRow[]; failed: Map<string, Cause> }> {
  const published: OutboxRow[] = [];
  const failed = new Map<string, Cause>();
  let waiting = [rows];
  for (let sent = waiting.shift(); sent; sent = waiting.shift()) {
    const reasons = sent.length === 0 ? noReasons : await attempt(publish, shard, sent);
    if (reasons.size === 0) {
      published.push(...sent);
      continue;
    }
    const first = sent.findIndex(({ message_id }) => reasons.has(message_id));
    if (first === -1) throw new Error('Bug: what cannot be published was not sent');
    reasons.forEach((cause, messageId) => failed.set(messageId, cause));
    const staying = new Set<string>();
    const without = (segment: OutboxRow[]) =>
      segment.filter(({ key, message_id }) => {
        if (reasons.has(message_id)) staying.add(key);
        return !staying.has(key);
      });
    waiting = [sent.slice(0, first), without(sent.slice(first)), ...waiting.map(without)];
  }
  return { published, failed };
}

const noReasons: ReadonlyMap<string, Cause> = new Map();

async function attempt(
  publish: Publish,
  shard: number,
  rows: OutboxRow[],
): Promise<ReadonlyMap<string, Cause>> {
  try {
    await publish(shard, rows);
    return noReasons;
  } catch (error) {
    if (!(error instanceof Unpublishable)) throw new NotPublished(error);
    return new Map(error.messages.map((cause) => [cause.messageId, cause]));
  }
}
