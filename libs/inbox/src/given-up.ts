/**
 * A condition on a row of `parked_message`: it is a damaged or forged copy, or one in conflict, that somebody dropped. Only
 * this copy was given up: the message itself may still come, whole.
 */
export const isDroppedCopy = (row: string): string =>
  `(${row}.dropped_at IS NOT NULL AND ${row}.reason IN ('unreadable', 'no-identity', 'too-big', 'conflict', 'forged'))`;

/** A condition on `parked_message`: nobody dropped it, nor the same message where it lies for another reason. */
export const isNotGivenUp = `dropped_at IS NULL
          AND NOT EXISTS (
              SELECT FROM parked_message AS same
               WHERE same.fingerprint = parked_message.fingerprint
                 AND same.dropped_at IS NOT NULL
                 AND NOT ${isDroppedCopy('same')})`;
