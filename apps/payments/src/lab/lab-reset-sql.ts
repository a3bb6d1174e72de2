/**
 * What lab mode's reset may do, and nothing else: the payments role itself can delete nothing. Tables are locked in
 * the order in which a payment writes them. outbox_progress stays as it is: ids and snapshots only grow.
 */
export const createLabResetSql = `
CREATE OR REPLACE FUNCTION lab_reset() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  new_run uuid := gen_random_uuid();
BEGIN
  TRUNCATE payment_event, outbox_message, outbox_dead_letter, outbox_marker, outbox_intervention;
  UPDATE outbox_settings SET run_id = new_run;
  RETURN new_run;
END $$;
REVOKE ALL ON FUNCTION lab_reset() FROM PUBLIC`;

export const dropLabResetSql = 'DROP FUNCTION IF EXISTS lab_reset()';
