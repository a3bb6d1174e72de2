import { paymentAccepted } from './payment-request.mjs';
import { OutboxRow, Payment, paymentColumns } from './usual-tables.mjs';

/** One TypeORM transaction a request, with two inserts: the payment and its outbox row. */
export function acceptInTransaction(dataSource) {
  return (payment) =>
    dataSource.transaction(async (tx) => {
      const { identifiers } = await tx.insert(Payment, paymentColumns(payment));
      const { id } = identifiers[0];
      await tx.insert(OutboxRow, {
        type: 'payment.accepted',
        key: id,
        payload: paymentAccepted(payment, id),
      });
      return id;
    });
}
