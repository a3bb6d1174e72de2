import { DeadLetterDetail } from './dead-letter-detail-migration.js';
import { Outbox } from './migration.js';
import { OutboxOperations } from './operations-migration.js';

/** The schema of the outbox, in the order in which it grew. */
export const outboxMigrations = [Outbox, OutboxOperations, DeadLetterDetail];
