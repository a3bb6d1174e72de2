/**
 * SQL for the digests of a page of payment events, the same expressions over the same text on both sides.
 *
 * The hash is free of order: the sum, modulo 2^64, of each row's 64-bit hash. A sum, because XOR would not see a row that
 * is there twice more. `hashtextextended` is not there for secrecy: it takes a quarter of MD5's time, and where two servers
 * should not compute the same one, their rows are streamed and compared one by one: slower, never wrong.
 * @param source a table, or a query in parentheses, with the columns payment_id, type, message_id, src, dest, amount_minor
 *               and currency, each as both sides show it
 * @returns a query with the parameters $1 and $2, the page's range of payment ids without the first, with the last; $3, the
 *          message id from which on events are left out, or null; $4, how many of a payment id's hex digits make its bucket
 *          (8 to 12). It answers a `DigestPart` for each bucket and currency, in the order of buckets
 */
export function digestPageSql(source: string): string {
  return `
SELECT (left(id, 8) || substr(id, 10, $4::integer - 8)) COLLATE "C"                    AS bucket,
       currency,
       count(*) FILTER (WHERE type = 'payment.accepted')                               AS payments,
       count(*) FILTER (WHERE type <> 'payment.accepted')                              AS reversals,
       sum(amount_minor)                                                               AS sum_minor,
       sum(CASE type WHEN 'payment.accepted' THEN amount_minor ELSE -amount_minor END) AS net_minor,
       sum(hashtextextended(concat_ws('|', id, type, src, dest, amount_minor, currency) COLLATE "C", 0)) AS hash
  FROM (SELECT payment_id::text AS id, type, src, dest, amount_minor, currency
          FROM ${source} AS event
         WHERE payment_id > $1::uuid
           AND payment_id <= $2::uuid
           AND ($3::uuid IS NULL OR message_id < $3::uuid)) AS event
 GROUP BY 1, 2
 ORDER BY 1, 2`;
}

/**
 * Where a page ends: the `$3`-th event after payment `$1`; no row when there are fewer up to `$2`. Asked before the page
 * itself, because then its statement has both ends to plan with, and reads no row more.
 */
export function pageEndSql(table: string): string {
  return `
SELECT payment_id
  FROM ${table}
 WHERE payment_id > $1::uuid
   AND payment_id <= $2::uuid
 ORDER BY payment_id
OFFSET $3::integer - 1
 LIMIT 1`;
}
