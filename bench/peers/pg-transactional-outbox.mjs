// What pg-transactional-outbox needs on either side: its tables by its own setup, and its listeners' settings.
import pg from 'pg';
import {
  DatabaseSetup,
  createReplicationSemaphoreConcurrencyController,
  getDisabledLogger,
  initializePollingMessageListener,
  initializeReplicationMessageListener,
} from 'pg-transactional-outbox';
import { once } from './schema.mjs';

export const logger = getDisabledLogger();

/** Messages that are handled at the same time, each in a transaction of its own: its publish window is no wider. */
const parallel = 20;
const pollBatch = 400;

/** Where the rows of a box are. The slot carries the database's name, because slots belong to the whole server. */
function placeOf(box, databaseUrl) {
  const database = new URL(databaseUrl).pathname.slice(1);
  return {
    outboxOrInbox: box,
    database,
    schema: 'public',
    table: box,
    listenerRole: decodeURIComponent(new URL(databaseUrl).username),
    publication: `${box}_publication`,
    replicationSlot: `${database}_${box}`.replaceAll(/[^a-z0-9_]/g, '_'),
    nextMessagesName: `next_${box}_messages`,
  };
}

/** The table of a box and what the listeners need: the polling function and its indexes, or a publication and a slot. */
export async function setUpBox(box, databaseUrl, listener) {
  const place = placeOf(box, databaseUrl);
  await once(databaseUrl, box, async (client) => {
    await client.query(DatabaseSetup.dropAndCreateTable(place));
    if (listener === 'polling') {
      await client.query(DatabaseSetup.createPollingFunction(place));
      await client.query(DatabaseSetup.setupPollingIndexes(place));
    } else {
      await client.query(DatabaseSetup.setupReplicationCore(place));
      await client.query(DatabaseSetup.setupReplicationSlot(place));
    }
  });
}

/** What the library calls a config; the storage needs it too. */
export function boxConfig(box, databaseUrl) {
  const place = placeOf(box, databaseUrl);
  return {
    outboxOrInbox: box,
    dbHandlerConfig: { connectionString: databaseUrl, max: parallel },
    dbListenerConfig: { connectionString: databaseUrl },
    settings: {
      dbSchema: place.schema,
      dbTable: place.table,
      // Protection from poisonous messages is another transaction a message: its README switches it off for the outbox,
      // and the comparison for both, because the peer shall be at its best.
      enableMaxAttemptsProtection: false,
      enablePoisonousMessageProtection: false,
      messageCleanupIntervalInMs: 0,
      dbPublication: place.publication,
      dbReplicationSlot: place.replicationSlot,
      nextMessagesFunctionName: place.nextMessagesName,
      nextMessagesBatchSize: pollBatch,
      nextMessagesPollingIntervalInMs: 5,
    },
  };
}

/** @returns the listener's stop */
export function listen(box, databaseUrl, listener, handle) {
  const config = boxConfig(box, databaseUrl);
  const handler = { handle };
  if (listener === 'polling') {
    const [stop] = initializePollingMessageListener(config, handler, logger, {
      // The library's own would take one message at a time for as many turns as a batch has messages.
      batchSizeStrategy: async () => pollBatch,
    });
    return stop;
  }
  const [stop] = initializeReplicationMessageListener(config, handler, logger, {
    concurrencyStrategy: createReplicationSemaphoreConcurrencyController(parallel),
  });
  return stop;
}

/** Stores messages in a box by SQL: filling is not measured, and the library stores one at a time. */
export async function fillOutbox(databaseUrl) {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  return (messages) =>
    client.query(
      `INSERT INTO outbox (id, aggregate_type, aggregate_id, message_type, concurrency, payload, metadata)
       SELECT id, 'payment', key, 'payment.accepted', 'parallel', event, jsonb_build_object('routingKey', routing_key)
         FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[]) AS new (id, key, event, routing_key)`,
      [
        messages.map(({ event }) => event.id),
        messages.map(({ event }) => event.subject),
        messages.map(({ event }) => JSON.stringify(event)),
        messages.map(({ routingKey }) => routingKey),
      ],
    );
}

/** The message as it is published, from its row. */
export function messageOf({ payload: event, metadata: { routingKey } }) {
  return { routingKey, event };
}
