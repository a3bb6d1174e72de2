// The relay of most tutorials: rows in order of creation, each published, confirmed and marked before the next. It is
// spared the tutorials' timer: it looks again at once.
import pg from 'pg';
import { runRelay, versionOf } from '../protocol.mjs';

const batchSize = 100;

await runRelay({
  name: 'tutorial',
  version: `pg ${versionOf('pg')}, amqplib ${versionOf('amqplib')}`,
  async prepare(databaseUrl) {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    await client.query(`
      CREATE TABLE outbox (
        id           uuid        PRIMARY KEY,
        routing_key  text        NOT NULL,
        event        json        NOT NULL,
        created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
        published_at timestamptz
      );
      CREATE INDEX outbox_unpublished ON outbox (created_at) WHERE published_at IS NULL`);
    return {
      fill: (messages) =>
        client.query(
          'INSERT INTO outbox (id, routing_key, event) SELECT * FROM unnest($1::uuid[], $2::text[], $3::json[])',
          [
            messages.map(({ event }) => event.id),
            messages.map(({ routingKey }) => routingKey),
            messages.map(({ event }) => JSON.stringify(event)),
          ],
        ),
      drain(publisher) {
        let stopping = false;
        const drained = drain(client, publisher, () => stopping);
        return async () => {
          stopping = true;
          await drained;
          await client.end();
        };
      },
    };
  },
});

async function drain(client, publisher, stopping) {
  while (!stopping()) {
    const { rows } = await client.query(
      'SELECT id, routing_key, event FROM outbox WHERE published_at IS NULL ORDER BY created_at LIMIT $1',
      [batchSize],
    );
    for (const { id, routing_key: routingKey, event } of rows) {
      await publisher.publish({ routingKey, event });
      await client.query('UPDATE outbox SET published_at = now() WHERE id = $1', [id]);
    }
    if (rows.length === 0) return;
  }
}
