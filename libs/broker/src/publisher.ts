import type { BrokerConnection } from './broker-connection.js';
import type { Messages } from './message.js';
import { PublishLane } from './publish-lane.js';
import type { PublisherOptions } from './publisher-options.js';
import { SignsOfLife } from './signs-of-life.js';

/** Publishes to one exchange over lanes: a lane is one confirm channel, and within it order is kept. */
export class Publisher {
  private readonly lanes = new Map<number, PublishLane>();
  private readonly signs: SignsOfLife;

  constructor(
    private readonly connection: BrokerConnection,
    private readonly options: PublisherOptions,
  ) {
    this.signs = new SignsOfLife(options.confirmTimeoutMs);
  }

  /**
   * Publishes persistent and mandatory, pipelined, and resolves when every message is confirmed and none was returned.
   * When it rejects, the lane's channel is closed (if the broker does not answer that either, the lane stays shut until it
   * does or the connection is lost): nothing of the failed messages follows what is published on the lane later.
   * @param onLeft called when all have left for the broker and none has failed so far: now the lane takes the next ones,
   *   which fail with these if these do. Called before that, the lane refuses: it is a bug.
   * @throws BrokerUnreachable at once when there is no connection, and when it is lost with something unconfirmed
   * @throws BrokerBlocked  the broker is short of memory or disk; also when that happens with something unconfirmed
   * @throws Unroutable     no queue is bound: these messages were returned, then confirmed
   * @throws PublishRefused nacked, or the broker closed the channel over them
   * @throws ConfirmTimeout no confirm in time: the broker may hold the messages or not
   * @throws Unpublishable  this message can never be published; those after it were not published, those before may be
   */
  publishAll(lane: number, messages: Messages, onLeft?: () => void): Promise<void> {
    let used = this.lanes.get(lane);
    if (used === undefined)
      this.lanes.set(lane, (used = new PublishLane(this.connection, this.options, this.signs)));
    return used.publishAll(messages, onLeft);
  }

  /** Closes the lane's channel, for a shard that is given up. The lane may be used again: it opens a new one. */
  async closeLane(lane: number): Promise<void> {
    await this.lanes.get(lane)?.close();
  }
}
