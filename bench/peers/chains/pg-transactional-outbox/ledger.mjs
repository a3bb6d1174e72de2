// The library's inbox: a consumer stores messages in it and acknowledges them; its listener, by replication, posts each
// in a transaction of its own.
import { initializeMessageStorage } from 'pg-transactional-outbox';
import pg from 'pg';
import { openChain } from '../../chain-broker.mjs';
import { makeLedgerTables, postTransfer } from '../../ledger-tables.mjs';
import { boxConfig, listen, logger, setUpBox } from '../../pg-transactional-outbox.mjs';
import { setting } from '../../protocol.mjs';
import { serveUntilTerm } from '../../service.mjs';

const prefetch = 20;

const databaseUrl = setting('BENCH_LEDGER_DB_URL');
await makeLedgerTables(databaseUrl);
await setUpBox('inbox', databaseUrl, 'replication');
const { channel, queue } = await openChain('pg-transactional-outbox');
const store = initializeMessageStorage(boxConfig('inbox', databaseUrl), logger);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });

const stop = listen('inbox', databaseUrl, 'replication', ({ payload }, client) =>
  postTransfer((sql, values) => client.query(sql, values), payload),
);
await channel.prefetch(prefetch);
await channel.consume(queue, async (message) => {
  try {
    await store(inboxMessage(JSON.parse(message.content.toString())), pool);
    channel.ack(message);
  } catch (error) {
    console.error(error);
    channel.nack(message);
  }
});
serveUntilTerm(stop);

function inboxMessage({ id, type, subject, time, data }) {
  return {
    id,
    aggregateType: 'payment',
    aggregateId: subject,
    messageType: type,
    concurrency: 'parallel',
    payload: data,
    createdAt: time,
  };
}
