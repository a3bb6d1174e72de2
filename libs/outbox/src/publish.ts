import type { OutboxRow } from './window.js';

/**
 * Publishes rows in their order and resolves when the broker has taken responsibility for all of them. When it
 * rejects, some may have been published; after that nothing of this call may follow.
 * @param onLeft called when all are on their way, if that can be told: the next call may begin while their confirms are
 *   awaited; it must reject when this one does
 * @throws Unpublishable; anything else means: later
 */
export type Publish = (shard: number, rows: OutboxRow[], onLeft?: () => void) => Promise<void>;

/** Thrown by `publish` for messages that no broker will ever take; none of the others needs to have been published. */
export class Unpublishable extends Error {
  /** `reason`: one of few, by which they are grouped; `detail`: what of this message, for people. */
  constructor(readonly messages: { messageId: string; reason: string; detail?: string | undefined }[]) {
    super(`${messages.length} messages can never be published`);
  }
}

/** The broker's side failed: the same rows are to be published again, later. */
export class NotPublished extends Error {
  constructor(cause: unknown) {
    super('not published', { cause });
  }
}
