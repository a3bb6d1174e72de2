export {
  BatchConsumer,
  type BatchStep,
  type ConsumerState,
  type DeliveryListener,
  type Subscription,
} from './batch-consumer.js';
export { inboxEntities, inboxMigrations } from './inbox-entities.js';
export { InboxMessage } from './inbox-message.entity.js';
export { InboxSettings, InboxWindow } from './inbox-settings.entity.js';
export { once, bodyHash, type Identified, type Once } from './once.js';
export { park, parkReasons, type Message, type Parking, type ParkReason } from './park.js';
export { ParkedMessage } from './parked-message.entity.js';
export { emptyTally, sumTallies, type Tally } from './tally.js';
export { takeWaiting } from './take-waiting.js';
export { StartedAttempt } from './started-attempt.entity.js';
