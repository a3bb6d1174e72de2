import { digestPageSql, pageEndSql } from '@paid-once/compare';

export const digestPaymentsSql = {
  pageEnd: pageEndSql('payment_event'),
  page: digestPageSql('payment_event'),
};

/**
 * The smallest message id that could have been made so many seconds ago ($1), by this database's clock: the format is
 * that of `outbox_uuidv7()`, without its random part.
 */
export const messageIdFloorSql = `
SELECT (overlay(lpad(to_hex(trunc((extract(epoch FROM now) - $1::numeric) * 4096000)::bigint), 15, '0') PLACING '7' FROM 13 FOR 0)
        || '8000-000000000000')::uuid AS floor,
       now - $1::numeric * interval '1 second' AS at
  FROM clock_timestamp() AS now`;
