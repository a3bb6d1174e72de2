/**
 * How much money dead letters are about, in minor units. Parameter: those that were dropped, or the others.
 * A dead letter whose key is no payment's id, such as one that somebody wrote by hand, is about none.
 */
export const moneyOfDeadLettersSql = `
SELECT dead.reason, dead.type, event.currency, sum(event.amount_minor) AS minor
  FROM outbox_dead_letter AS dead
  JOIN payment_event AS event
    ON event.payment_id = CASE WHEN dead.key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN dead.key::uuid END
   AND event.type = dead.type
 WHERE (dead.dropped_at IS NOT NULL) = $1
 GROUP BY dead.reason, dead.type, event.currency
 ORDER BY event.currency`;
