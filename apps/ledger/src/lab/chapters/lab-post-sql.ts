/**
 * What a ledger without inbox and without uniqueness would do, in a schema that has both: each line becomes a transfer,
 * and is told from those of the same event by its `occurrence`, which the ledger's role itself cannot write.
 * A line of another run is left out; the function answers the run that counts.
 * The inbox is locked first, as in every batch: then this waits for a reset or the reset for this, and the run is read
 * after that. The caller holds the locks of the shards, so that nobody else counts the same event meanwhile.
 */
export const createLabPostSql = `
CREATE FUNCTION lab_post(payment_ids uuid[], kinds text[], debits text[], credits text[], amounts bigint[],
                         currencies text[], "references" text[], message_ids uuid[], shards smallint[], runs text[])
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  this_run uuid;
BEGIN
  LOCK TABLE inbox_message IN ROW EXCLUSIVE MODE;
  SELECT run_id INTO STRICT this_run FROM inbox_settings;
  WITH posted AS (
    INSERT INTO transfer (payment_id, kind, occurrence, debit_account, credit_account,
                          amount_minor, currency, reference, message_id, shard)
    SELECT payment_id, kind,
           (SELECT count(*) FROM transfer AS t WHERE t.payment_id = line.payment_id AND t.kind = line.kind)
             + row_number() OVER (PARTITION BY payment_id, kind ORDER BY position) - 1,
           debit, credit, amount, currency, reference, message_id, shard
      FROM unnest(payment_ids, kinds, debits, credits, amounts, currencies, "references", message_ids, shards, runs)
           WITH ORDINALITY AS line (payment_id, kind, debit, credit, amount, currency, reference,
                                    message_id, shard, run, position)
     WHERE run = this_run::text
     ORDER BY payment_id, kind, position
    RETURNING debit_account, credit_account, amount_minor, currency
  )
  INSERT INTO account AS a (name, currency, debits_posted, credits_posted)
  SELECT side.name, currency, sum(side.debit), sum(side.credit)
    FROM posted
   CROSS JOIN LATERAL (VALUES (debit_account, amount_minor, 0), (credit_account, 0, amount_minor))
         AS side (name, debit, credit)
   GROUP BY side.name, currency
   ORDER BY side.name, currency
      ON CONFLICT (name, currency) DO UPDATE
     SET debits_posted = a.debits_posted + excluded.debits_posted,
         credits_posted = a.credits_posted + excluded.credits_posted;
  RETURN this_run;
END $$;
REVOKE ALL ON FUNCTION lab_post FROM PUBLIC`;

export const dropLabPostSql = 'DROP FUNCTION IF EXISTS lab_post';
