import {
  CountDiffers,
  dropParked,
  onceAgain,
  redriveParked,
  type ParkedFilter,
  type Requester,
} from '@paid-once/inbox';
import { inTransaction, OutcomeUnknown, Problem, sqlState, TemporarilyUnavailable } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { trustedUsers } from './only-trusted.js';
import { postTransfers } from './post-transfers.js';
import { lockShards } from './transfers.js';

interface Intervention {
  which: ParkedFilter;
  who: Requester;
}

/**
 * Tries the oldest of the parked messages that are meant again, as if they were delivered now.
 * @param users of RabbitMQ, whose messages are trusted by now
 * @throws TemporarilyUnavailable, DatabaseUnavailable asking again is safe
 */
export async function redrive(
  database: DataSource,
  { users, ...intervention }: Intervention & { limit: number; users: string[] },
) {
  const trusted = trustedUsers(users).map((user) => user ?? null);
  return await sayIfBusy(
    redriveParked(
      database,
      { ...intervention, trusted },
      {
        lock: lockShards,
        handle: (tx, messages) => postTransfers(tx, messages, onceAgain),
      },
    ),
  );
}

/**
 * Decides that these messages are never posted; all that are meant, or none.
 * @throws CountIsAnother, TemporarilyUnavailable, DatabaseUnavailable nothing was dropped
 */
export async function drop(
  database: DataSource,
  { which, who, expected }: Intervention & { expected: number },
): Promise<void> {
  try {
    await sayIfBusy(inTransaction(database, (tx) => dropParked(tx, which, expected, who)));
  } catch (error) {
    throw error instanceof CountDiffers ? new CountIsAnother(error) : error;
  }
}

export class CountIsAnother extends Problem {
  readonly type = '/problems/count-differs';
  readonly status = 409;
  readonly title = 'There are more or fewer of these than expected';

  constructor({ expected, counted }: Pick<CountDiffers, 'expected' | 'counted'>) {
    super(`${expected} were expected, there are ${counted}. Nothing was dropped.`);
  }
}

const lockNotAvailable = '55P03';
const deadlockDetected = '40P01';
const queryCanceled = '57014';

async function sayIfBusy<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof OutcomeUnknown)
      throw new TemporarilyUnavailable(
        'The database did not say whether it was done. Look, and ask again: done twice, it does no more.',
      );
    const state = sqlState(error);
    if (state === lockNotAvailable || state === deadlockDetected)
      throw new TemporarilyUnavailable('The ledger is busy with these messages. Ask again.');
    if (state === queryCanceled)
      throw new TemporarilyUnavailable(
        'It took longer than a statement may. Ask again; if that does not help, for fewer messages at a time.',
      );
    throw error;
  }
}
