// The naive habit: Nest and Fastify, the repository inserts the payment, and there is no outbox.
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { servePayments } from '../nest-payments-api.mjs';
import { setting } from '../protocol.mjs';
import { Payment, connectTypeOrm, makeUsualTables, paymentColumns } from '../usual-tables.mjs';

const databaseUrl = setting('BENCH_DB_URL');
await makeUsualTables(databaseUrl);
const dataSource = await connectTypeOrm(databaseUrl, [Payment]);
const payments = dataSource.getRepository(Payment);

await servePayments({
  adapter: new FastifyAdapter(),
  async accept(payment) {
    const { identifiers } = await payments.insert(paymentColumns(payment));
    return identifiers[0].id;
  },
  close: () => dataSource.destroy(),
});
