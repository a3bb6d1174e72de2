/**
 * What loses messages by design, for the lab modules that show it. A front door of its own, so that no production code
 * takes it by mistake: only apps/<app>/src/lab may import it, which is part of `npm run lint`.
 */
export { UnconfirmedPublisher } from './lab/unconfirmed-publisher.js';
export { AutoAckConsumer, type AutoAckConsumerOptions } from './lab/auto-ack-consumer.js';
