// As the tutorial's API, but the outbox row is stored by the library, inside the same TypeORM transaction.
import { ExpressAdapter } from '@nestjs/platform-express';
import { initializeMessageStorage } from 'pg-transactional-outbox';
import { servePayments } from '../../nest-payments-api.mjs';
import { paymentAccepted } from '../../payment-request.mjs';
import { boxConfig, logger, setUpBox } from '../../pg-transactional-outbox.mjs';
import { setting } from '../../protocol.mjs';
import { Payment, connectTypeOrm, makePaymentTable, paymentColumns } from '../../usual-tables.mjs';
import { uuidV7 } from '../../uuid-v7.mjs';

const databaseUrl = setting('BENCH_PAYMENTS_DB_URL');
await makePaymentTable(databaseUrl);
await setUpBox('outbox', databaseUrl, 'replication');
const dataSource = await connectTypeOrm(databaseUrl, [Payment]);
const store = initializeMessageStorage(boxConfig('outbox', databaseUrl), logger);

await servePayments({
  adapter: new ExpressAdapter(),
  accept: (payment) =>
    dataSource.transaction(async (tx) => {
      const { identifiers } = await tx.insert(Payment, paymentColumns(payment));
      const { id } = identifiers[0];
      await store(messageOf(payment, id), await tx.queryRunner.connect());
      return id;
    }),
  close: () => dataSource.destroy(),
});

function messageOf(payment, paymentId) {
  return {
    id: uuidV7(),
    aggregateType: 'payment',
    aggregateId: paymentId,
    messageType: 'payment.accepted',
    concurrency: 'parallel',
    payload: paymentAccepted(payment, paymentId),
  };
}
