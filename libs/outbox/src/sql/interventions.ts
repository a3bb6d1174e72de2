const columns = `intervention.id, intervention.kind, intervention.shard, intervention.requested_by AS by, intervention.why,
       intervention.requested_at AS "requestedAt", intervention.messages, intervention.failure,
       intervention.finished_at AS "finishedAt"`;

/** The newest ones. Parameter: how many. */
export const listInterventionsSql = `
SELECT ${columns}
  FROM outbox_intervention AS intervention
 ORDER BY intervention.id DESC
 LIMIT $1`;

/** Parameter: its id. */
export const findInterventionSql = `
SELECT ${columns}
  FROM outbox_intervention AS intervention
 WHERE intervention.id = $1`;

export const openInterventionsSql = `
SELECT count(*)::int AS open
  FROM outbox_intervention
 WHERE finished_at IS NULL`;

/** Which interventions are about which messages of some keys. Parameter: the keys. */
export const interventionsOfSql = `
SELECT message.message_id AS "messageId", ${columns}
  FROM outbox_message AS message
  JOIN outbox_intervention AS intervention
    ON intervention.shard = message.shard
   AND (message.id BETWEEN intervention.from_id AND intervention.to_id
        OR message.id = ANY (intervention.ids)
        OR intervention.kind = 'redrive'                   -- names only the first dead letter of a key
           AND EXISTS (SELECT
                         FROM outbox_message AS named
                        WHERE named.key = message.key
                          AND named.id <= message.id
                          AND named.id = ANY (intervention.ids)))
 WHERE message.key = ANY ($1::text[])
 ORDER BY intervention.id`;
