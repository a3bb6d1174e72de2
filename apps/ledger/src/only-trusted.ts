import { emptyTally, park, sumTallies, type Message, type Tally } from '@paid-once/inbox';
import type { EntityManager } from 'typeorm';

/** @returns as the broker vouches for them; undefined stands for messages that do not say by whom they are */
export function trustedUsers(users: string[]): (string | undefined)[] {
  return users.map((user) => (user === unsigned ? undefined : user));
}

type Handle<Each extends Message> = (tx: EntityManager, messages: Each[]) => Promise<Tally>;

/** Stands among the users for messages that do not say by whom they are: the release before sends such. */
const unsigned = 'unsigned';

/**
 * Hands on what these users have published, and parks the rest: the broker lets nobody publish under another's name, but
 * anybody under none.
 */
export function onlyTrusted<Each extends Message>(users: string[], handle: Handle<Each>): Handle<Each> {
  const trusted = new Set(trustedUsers(users));
  return async (tx, messages) => {
    const forged = messages.filter(({ userId }) => !trusted.has(userId));
    if (forged.length === 0) return handle(tx, messages);
    const others = messages.filter(({ userId }) => trusted.has(userId));
    const tally = others.length > 0 ? await handle(tx, others) : emptyTally();
    const parkings = forged.map((message) => {
      const detail =
        message.userId === undefined ? 'it does not say who published it' : `published by ${message.userId}`;
      return { message, reason: 'forged' as const, detail };
    });
    return sumTallies(tally, { ...emptyTally(), parked: await park(tx, parkings) });
  };
}
