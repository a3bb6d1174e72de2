export {
  BatchConsumer,
  type BatchStep,
  type ConsumerState,
  type DeliveryListener,
  type Subscription,
} from './batch-consumer.js';
export { inboxEntities, inboxMigrations } from './inbox-entities.js';
export { countDropped, CountDiffers, dropParked } from './drop-parked.js';
export { isDroppedCopy } from './given-up.js';
export {
  listParked,
  parkedCounts,
  parkedGroups,
  type ListedMessage,
  type Measure,
  type ParkedGroup,
} from './list-parked.js';
export { onceAgain } from './once-again.js';
export type { ParkedFilter, Requester } from './parked-filter.js';
export { ParkedIntervention } from './parked-intervention.entity.js';
export { redriveParked, type RedriveHandling } from './redrive-parked.js';
export { arrivedMessages, inboxWindow, unknownMessages } from './known-messages.js';
export { InboxMessage } from './inbox-message.entity.js';
export { InboxSettings, InboxWindow } from './inbox-settings.entity.js';
export { lookUp } from './look-up.js';
export { once, bodyHash, type Identified, type Once } from './once.js';
export { park, parkReasons, type Message, type Parking, type ParkReason } from './park.js';
export { parkUnlessArrived } from './park-unless-arrived.js';
export { ParkedMessage } from './parked-message.entity.js';
export { InboxRetention, inboxRetentionSession, type InboxRetentionOptions } from './retention.js';
export { emptyTally, sumTallies, type Tally } from './tally.js';
export { takeWaiting } from './take-waiting.js';
export { StartedAttempt } from './started-attempt.entity.js';
