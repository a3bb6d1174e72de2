import { Client } from 'pg';

/**
 * What a role may do with each table, sequence and function of ours, as Postgres sees it: rights of its own, of PUBLIC and
 * of roles it is in. `{"transfer": "SELECT INSERT(payment_id,kind)"}`; what it may do nothing with is left out.
 */
export async function privilegesOf(adminUrl: string, role: string): Promise<Record<string, string>> {
  return withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ name: string; may: string }>(privilegesSql, [role]);
    return Object.fromEntries(rows.filter(({ may }) => may !== '').map(({ name, may }) => [name, may]));
  });
}

async function withClient<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * What no role that serves may do, whichever tables it has.
 * @param table one of them
 */
export const forbidden = (table: string): string[] => [
  `TRUNCATE ${table}`,
  `DROP TABLE ${table}`,
  `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
  `ALTER TABLE ${table} OWNER TO CURRENT_USER`,
  `CREATE TRIGGER mine BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
  'CREATE TABLE mine (id int)',
  'CREATE TEMPORARY TABLE mine (id int)',
  'CREATE SCHEMA mine',
  'CREATE ROLE mine',
  'ALTER ROLE CURRENT_USER SUPERUSER',
  'ALTER ROLE CURRENT_USER CONNECTION LIMIT -1',
  'SET session_replication_role = replica',
  `COPY (SELECT 1) TO PROGRAM 'true'`,
  `SELECT pg_read_file('postgresql.conf')`,
  'SELECT rolpassword FROM pg_authid',
];

/** The SQLSTATE that each statement is answered with, on a connection of this role; `done` where it went through. */
export async function answersTo(url: string, statements: string[]): Promise<Record<string, string>> {
  return withClient(url, async (client) => {
    const answers: Record<string, string> = {};
    for (const statement of statements) {
      await client.query('BEGIN');
      answers[statement] = await client.query(statement).then(
        () => 'done',
        ({ code }: { code?: string }) => code ?? 'no answer of Postgres',
      );
      await client.query('ROLLBACK');
    }
    return answers;
  });
}

/** That nobody of this server without a role of ours gets in, and how many connections each of ours may have. */
export async function doorsOf(
  adminUrl: string,
  roles: string[],
): Promise<{ strangerMay: string; limits: number[] }> {
  return withClient(adminUrl, async (client) => {
    await client.query('BEGIN; CREATE ROLE stranger LOGIN');
    const { rows } = await client.query<{ may: string }>(
      `SELECT concat_ws(' ', VARIADIC array(
         SELECT may FROM unnest('{CONNECT,TEMPORARY,CREATE}'::text[]) AS may
          WHERE has_database_privilege('stranger', current_database(), may))) AS may`,
    );
    const limits = await client.query<{ rolconnlimit: number }>(
      'SELECT rolconnlimit FROM pg_roles WHERE rolname = ANY($1)',
      [roles],
    );
    await client.query('ROLLBACK');
    return { strangerMay: rows[0]?.may ?? '', limits: limits.rows.map((row) => row.rolconnlimit) };
  });
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
