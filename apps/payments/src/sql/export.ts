import type { PaymentEventType } from '@paid-once/contracts';

export interface ExportedRow {
  payment_id: string;
  type: PaymentEventType;
  message_id: string;
  src: string;
  dest: string;
  amount_minor: string;
  currency: string;
  created_at: Date;
}

/** A page of events. Parameters: payment id and type of the last one seen, how many, the last payment wanted. */
export const exportPageSql = `
SELECT payment_id, type, message_id, src, dest, amount_minor, currency, created_at
  FROM payment_event
 WHERE (payment_id, type) > ($1::uuid, $2)
   AND payment_id <= $4::uuid
 ORDER BY payment_id, type
 LIMIT $3`;

/** All events of some payments. */
export const eventsOfPaymentsSql = `
SELECT payment_id, type, message_id, src, dest, amount_minor, currency, created_at
  FROM payment_event
 WHERE payment_id = ANY ($1::uuid[])
 ORDER BY payment_id, type`;
