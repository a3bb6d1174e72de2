// Nest and Express, one TypeORM transaction a request: the payment and its outbox row.
import { ExpressAdapter } from '@nestjs/platform-express';
import { servePayments } from '../../nest-payments-api.mjs';
import { setting } from '../../protocol.mjs';
import { acceptInTransaction } from '../../transactional-payments.mjs';
import { OutboxRow, Payment, connectTypeOrm, makeUsualTables } from '../../usual-tables.mjs';

const databaseUrl = setting('BENCH_PAYMENTS_DB_URL');
await makeUsualTables(databaseUrl);
const dataSource = await connectTypeOrm(databaseUrl, [Payment, OutboxRow]);

await servePayments({
  adapter: new ExpressAdapter(),
  accept: acceptInTransaction(dataSource),
  close: () => dataSource.destroy(),
});
