// The library's listener on the outbox, by replication: the faster of its two, and the one that learns of rows at once.
import { eventOf } from '../../cloud-event.mjs';
import { openChain } from '../../chain-broker.mjs';
import { listen, setUpBox } from '../../pg-transactional-outbox.mjs';
import { setting } from '../../protocol.mjs';
import { serveUntilTerm } from '../../service.mjs';

const databaseUrl = setting('BENCH_PAYMENTS_DB_URL');
await setUpBox('outbox', databaseUrl, 'replication');
const { publish } = await openChain('pg-transactional-outbox');

const stop = listen('outbox', databaseUrl, 'replication', (row) =>
  publish({
    routingKey: row.messageType,
    event: eventOf({ ...row, type: row.messageType, key: row.aggregateId }),
  }),
);
serveUntilTerm(stop);
