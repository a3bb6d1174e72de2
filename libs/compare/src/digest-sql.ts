/**
 * SQL for the digest of a range of payment events, the same expression over the same text on both sides.
 * The hash is free of order: two sums, modulo 2^32, of the halves of each row's MD5. MD5 is not there for secrecy but because
 * every Postgres computes the same one; sums, because XOR would not see a row that is there twice more.
 * @param source a table, or a query in parentheses, with the columns payment_id, type, src, dest, amount_minor, currency,
 *               each as both sides show it
 * @returns a query with the parameters $1, the first payment id, and $2, the one after the last or null. It answers one
 *          row: count, sum (minor units, all currencies) and hash (16 hex digits), all text
 */
export function digestSql(source: string): string {
  return `
SELECT count(*)::text AS count,
       coalesce(sum(amount_minor), 0)::text AS sum,
       ${hexOfSum('left(md5, 8)')} || ${hexOfSum('substr(md5, 9, 8)')} AS hash
  FROM (SELECT amount_minor, md5(${rowText}) AS md5
          FROM ${source} AS event
         WHERE payment_id >= $1::uuid
           AND ($2::uuid IS NULL OR payment_id < $2::uuid)) AS hashed`;
}

const rowText = `concat_ws('|', payment_id, type, src, dest, amount_minor, currency)`;

function hexOfSum(eightHexDigits: string): string {
  return `lpad(to_hex((coalesce(sum(('x' || ${eightHexDigits})::bit(32)::bigint), 0) % 4294967296)::bigint), 8, '0')`;
}
