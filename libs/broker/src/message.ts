/** A message to publish. Persistence and `mandatory` are not options: every message is both. */
export interface OutgoingMessage {
  messageId: string;
  type: string;
  routingKey: string;
  body: Buffer;
  contentType: string;
  appId: string;
  headers: Record<string, string | number>;
  /** Sent with a resolution of one second. */
  timestamp: Date;
}

/**
 * Messages in their order: an array, or what makes each when it is asked for, so that none lives longer than it takes to
 * send it. The same index must give the same message again.
 */
export interface Messages {
  readonly length: number;
  at(index: number): OutgoingMessage | undefined;
}

/** A message as a queue delivered it; nothing in it is trusted, and what is not there is undefined. */
export interface Delivery {
  queue: string;
  deliveryTag: number;
  messageId?: string;
  /** Who published it, as the broker knows; undefined: it was not said. */
  userId?: string | undefined;
  type?: string;
  contentType?: string;
  contentEncoding?: string;
  headers: Record<string, unknown>;
  body: Buffer;
  redelivered: boolean;
  /** How many times it was delivered before without being settled (`x-delivery-count`); 0 the first time. */
  deliveryCount: number;
}
