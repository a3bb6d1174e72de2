import { Unpublishable, type Publish } from './publish.js';
import { maxMessageBytes } from './sql/bounded-message.js';

/**
 * Hands on only rows that were read whole. Those that are too big die before anything of theirs is in memory: a slice of
 * them, read again at each start, would kill every relay.
 * @throws Unpublishable, for all that are too big
 */
export function publishBounded(publish: Publish): Publish {
  return async (shard, rows, onLeft) => {
    const tooBig = rows.filter(({ too_big }) => too_big);
    if (tooBig.length === 0) return publish(shard, rows, onLeft);
    const detail = `more than ${maxMessageBytes / 1024} kB of headers and payload`;
    throw new Unpublishable(
      tooBig.map(({ message_id: messageId }) => ({ messageId, reason: 'too-big', detail })),
    );
  };
}
