import { InboxMessage } from './inbox-message.entity.js';
import { InboxSettings, InboxWindow } from './inbox-settings.entity.js';
import { CreateInbox1764000000000 } from './migrations/1764000000000-create-inbox.js';
import { InboxRetention1790000000010 } from './migrations/1790000000010-inbox-retention.js';
import { InboxOperations1790000001000 } from './migrations/1790000001000-inbox-operations.js';
import { ParkedHistory1790000002000 } from './migrations/1790000002000-parked-history.js';
import { StartsOfAnyProcess1790000003000 } from './migrations/1790000003000-starts-of-any-process.js';
import { PublishedBy1797000001000 } from './migrations/1797000001000-published-by.js';
import { ParkedHistory } from './parked-history.entity.js';
import { ParkedIntervention } from './parked-intervention.entity.js';
import { ParkedMessage } from './parked-message.entity.js';
import { StartedAttempt } from './started-attempt.entity.js';

/** For the TypeORM configuration of the service that has an inbox in its database. */
export const inboxEntities = [
  InboxMessage,
  InboxSettings,
  InboxWindow,
  ParkedMessage,
  ParkedIntervention,
  ParkedHistory,
  StartedAttempt,
];
export const inboxMigrations = [
  CreateInbox1764000000000,
  InboxRetention1790000000010,
  InboxOperations1790000001000,
  ParkedHistory1790000002000,
  StartsOfAnyProcess1790000003000,
  PublishedBy1797000001000,
];
