import { wakeRelays } from '@paid-once/outbox';
import { inTransaction, OutcomeUnknown, sqlState, TemporarilyUnavailable } from '@paid-once/service';
import type { DataSource, EntityManager } from 'typeorm';

const lockNotAvailable = '55P03';
const deadlockDetected = '40P01';

/**
 * Asks something of the relays in one transaction, and wakes them. Asking again is harmless, always: what is published
 * twice is posted once.
 * @throws TemporarilyUnavailable the database is away, or somebody else is asking: ask again
 */
export async function askOutbox<Answer>(
  database: DataSource,
  ask: (tx: EntityManager) => Promise<Answer>,
): Promise<Answer> {
  try {
    const answer = await inTransaction(database, ask);
    wakeRelays(database);
    return answer;
  } catch (error) {
    if (error instanceof OutcomeUnknown)
      throw new TemporarilyUnavailable(
        'The answer of the database was lost: whether this is asked for is not known. Look at what is there, or ask again.',
      );
    const state = sqlState(error);
    if (state === lockNotAvailable || state === deadlockDetected)
      throw new TemporarilyUnavailable(
        'Somebody else asks for the same just now. Nothing was changed; ask again.',
      );
    throw error;
  }
}
