import type { EntityManager } from 'typeorm';
import { lookUp } from './look-up.js';
import { bodyHash } from './once.js';
import { park, type Parking } from './park.js';
import type { Tally } from './tally.js';

/**
 * Sets aside what has not taken effect by another way meanwhile. Only where nobody handles deliveries of the same queues
 * at the same time: else a message could take effect while it is set aside.
 */
export async function parkUnlessArrived(tx: EntityManager, parkings: Parking[]): Promise<Tally> {
  const ids = parkings.flatMap(({ message: { messageId = '' } }) =>
    uuid.test(messageId) ? { messageId } : [],
  );
  const { hashes } = await lookUp(tx, ids);
  const missing = parkings.filter(
    ({ message: { messageId = '', body } }) => hashes.get(messageId) !== bodyHash(body),
  );
  return {
    done: 0,
    repeated: { message: parkings.length - missing.length },
    parked: await park(tx, missing),
  };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
