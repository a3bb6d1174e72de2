/** Why a publish did not succeed. None of them says that the broker has nothing: publishing again is the only safe move. */
export abstract class PublishFailure extends Error {}

/** There is no connection, or it was lost before everything was confirmed. Nothing is kept for later. */
export class BrokerUnreachable extends PublishFailure {
  override readonly name = 'BrokerUnreachable';

  constructor(readonly reason: string) {
    super(`The broker cannot be reached: ${reason}`);
  }
}

/** The broker is short of memory or disk and takes no publishes (`connection.blocked`). It ends by itself; reconnecting does not help. */
export class BrokerBlocked extends PublishFailure {
  override readonly name = 'BrokerBlocked';

  constructor(readonly reason: string) {
    super(`The broker takes no messages at the moment: ${reason}`);
  }
}

/** No queue is bound for these messages: they were returned, and then confirmed all the same. */
export class Unroutable extends PublishFailure {
  override readonly name = 'Unroutable';

  constructor(readonly messageIds: readonly string[]) {
    super(`No queue takes ${some(messageIds)}: the exchange or its bindings are not as setup made them`);
  }
}

/** The broker answered with a nack, or closed the channel over them (exchange missing, no permission). */
export class PublishRefused extends PublishFailure {
  override readonly name = 'PublishRefused';

  constructor(
    readonly messageIds: readonly string[],
    readonly reason = 'nack',
  ) {
    super(`The broker refused ${some(messageIds)}: ${reason}`);
  }
}

/** The broker has not confirmed these in time: it may hold them or not. */
export class ConfirmTimeout extends PublishFailure {
  override readonly name = 'ConfirmTimeout';

  constructor(readonly messageIds: readonly string[]) {
    super(`The broker has not confirmed ${some(messageIds)} in time`);
  }
}

/** A message that can never be published, whatever the state of the broker: trying again does not help. */
export class Unpublishable extends Error {
  override readonly name = 'Unpublishable';

  constructor(
    readonly messageId: string,
    readonly reason: 'too-big' | 'unencodable',
    /** In the words of the broker, or of the protocol's encoder. */
    readonly detail: string,
  ) {
    super(`Message ${messageId.slice(0, 100)} can never be published: ${detail}`);
  }
}

function some(messageIds: readonly string[]): string {
  const [first = 'nothing'] = messageIds;
  return messageIds.length > 1
    ? `${messageIds.length} messages, the first of them ${first}`
    : `message ${first}`;
}
