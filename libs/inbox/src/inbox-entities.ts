import { InboxMessage } from './inbox-message.entity.js';
import { InboxSettings, InboxWindow } from './inbox-settings.entity.js';
import { CreateInbox1764000000000 } from './migrations/1764000000000-create-inbox.js';
import { ParkedMessage } from './parked-message.entity.js';
import { StartedAttempt } from './started-attempt.entity.js';

/** For the TypeORM configuration of the service that has an inbox in its database. */
export const inboxEntities = [InboxMessage, InboxSettings, InboxWindow, ParkedMessage, StartedAttempt];
export const inboxMigrations = [CreateInbox1764000000000];
