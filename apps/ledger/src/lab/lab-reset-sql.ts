/**
 * What lab mode's reset may do, and nothing else: the ledger's role itself can delete no transfer. The inbox comes
 * first, as in every batch: then a batch waits for the reset or the reset for the batch, never crosswise.
 */
export const createLabResetSql = `
CREATE FUNCTION lab_reset(new_run uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  LOCK TABLE inbox_message IN ACCESS EXCLUSIVE MODE;
  ALTER TABLE transfer DISABLE TRIGGER USER;
  ALTER TABLE transfer_link DISABLE TRIGGER USER;
  TRUNCATE inbox_message, transfer, transfer_link, account, parked_message, parked_intervention, parked_history,
           started_attempt;
  ALTER TABLE transfer ENABLE TRIGGER USER;
  ALTER TABLE transfer_link ENABLE TRIGGER USER;
  UPDATE inbox_settings SET run_id = new_run;
END $$;
REVOKE ALL ON FUNCTION lab_reset(uuid) FROM PUBLIC`;

export const dropLabResetSql = 'DROP FUNCTION IF EXISTS lab_reset(uuid)';
