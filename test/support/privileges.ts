import { Client } from 'pg';

/**
 * What a role may do with each table, sequence and function of ours, as Postgres sees it: rights of its own, of PUBLIC and
 * of roles it is in. `{"transfer": "SELECT INSERT(payment_id,kind)"}`; what it may do nothing with is left out.
 */
export async function privilegesOf(adminUrl: string, role: string): Promise<Record<string, string>> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; may: string }>(privilegesSql, [role]);
    return Object.fromEntries(rows.filter(({ may }) => may !== '').map(({ name, may }) => [name, may]));
  } finally {
    await client.end();
  }
}

const privilegesSql = `
WITH privilege (name, position) AS (
  SELECT * FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) WITH ORDINALITY
), on_tables AS (
  SELECT relname::text AS name,
         concat_ws(' ', VARIADIC array(
           SELECT CASE
                  WHEN has_table_privilege($1, pg_class.oid, privilege.name) THEN privilege.name
                  ELSE privilege.name || '(' || columns.names || ')'
                  END
             FROM privilege
             LEFT JOIN LATERAL (
                  SELECT string_agg(attname, ',' ORDER BY attnum) AS names
                    FROM pg_attribute
                   WHERE attrelid = pg_class.oid
                     AND attnum > 0
                     AND NOT attisdropped
                     AND privilege.name IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                     AND has_column_privilege($1, pg_class.oid, attnum, privilege.name)) AS columns ON true
            WHERE has_table_privilege($1, pg_class.oid, privilege.name) OR columns.names IS NOT NULL
            ORDER BY privilege.position)) AS may
    FROM pg_class
   WHERE relnamespace = 'public'::regnamespace
     AND relkind IN ('r', 'p', 'v', 'm')
), on_sequences AS (
  SELECT relname::text, CASE WHEN has_sequence_privilege($1, oid, 'USAGE,SELECT,UPDATE') THEN 'USE' ELSE '' END
    FROM pg_class
   WHERE relnamespace = 'public'::regnamespace
     AND relkind = 'S'
), on_functions AS (
  SELECT proname || '()', CASE WHEN prosecdef AND has_function_privilege($1, oid, 'EXECUTE') THEN 'EXECUTE' ELSE '' END
    FROM pg_proc
   WHERE pronamespace = 'public'::regnamespace
), elsewhere AS (
  SELECT 'schema public', CASE WHEN has_schema_privilege($1, 'public', 'CREATE') THEN 'CREATE' ELSE '' END
   UNION ALL
  SELECT 'database', CASE WHEN has_database_privilege($1, current_database(), 'CREATE') THEN 'CREATE' ELSE '' END
   UNION ALL
  SELECT 'the role itself', concat_ws(' ',
         CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
         CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
         CASE WHEN rolreplication THEN 'REPLICATION' END,
         (SELECT string_agg('IN ' || roleid::regrole::text, ' ') FROM pg_auth_members WHERE member = pg_roles.oid))
    FROM pg_roles
   WHERE rolname = $1
)
SELECT * FROM on_tables
 UNION ALL SELECT * FROM on_sequences
 UNION ALL SELECT * FROM on_functions
 UNION ALL SELECT * FROM elsewhere
 ORDER BY 1`;
