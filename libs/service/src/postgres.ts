import type { EventEmitter } from 'node:events';
import type { DataSourceOptions, MixedList } from 'typeorm';
import { databaseTimeoutMs } from './configuration.js';

/**
 * node-postgres has no time-outs of its own: through a black hole it would wait for ever. Milliseconds.
 * @param queryMs the client's own timer, the only one that bounds COMMIT; the others follow from it, in the same proportions:
 *   the server's are shorter, so that the server speaks first
 */
function postgresTimeouts(queryMs: number) {
  const share = (sixths: number) => Math.round((queryMs * sixths) / 6);
  return {
    connectMs: share(2),
    lockMs: share(1),
    statementMs: share(5),
    idleInTransactionMs: share(5),
    queryMs,
  };
}

/**
 * How a service connects to its database.
 * `synchronous_commit` is pinned in the session: with `off`, payments that were answered 201 are lost with a crash.
 * `jit` is off: compiling a statement of a millisecond took Postgres up to half a second, for every batch.
 */
export function postgresOptions(options: {
  url: string;
  process: string;
  poolSize: number;
  entities: MixedList<Function>;
  migrations?: MixedList<Function>;
  /** PAID_ONCE_DB_TIMEOUT_MS; default as its own. */
  timeoutMs?: number;
}): DataSourceOptions {
  const timeouts = postgresTimeouts(options.timeoutMs ?? databaseTimeoutMs);
  return {
    type: 'postgres',
    url: options.url,
    applicationName: `paid-once ${options.process}`,
    poolSize: options.poolSize,
    connectTimeoutMS: timeouts.connectMs,
    entities: options.entities,
    migrations: options.migrations ?? [],
    migrationsTransactionMode: 'each',
    installExtensions: false,
    extra: {
      query_timeout: timeouts.queryMs,
      statement_timeout: timeouts.statementMs,
      lock_timeout: timeouts.lockMs,
      idle_in_transaction_session_timeout: timeouts.idleInTransactionMs,
      keepAlive: true,
      options: '-c synchronous_commit=on -c timezone=UTC -c search_path=public -c jit=off',
      // Between the pool's listener and TypeORM's a client has none, nor has one that is being destroyed: a server that
      // ends the session just then would end the process. Whoever uses the client learns of it from the next query.
      onConnect: (client: EventEmitter) => client.on('error', () => {}),
    },
    // A connection that dies while idle is an event of the pool; without a listener it would end the process.
    poolErrorHandler: () => {},
  };
}

/** Host and port of a URL, for people: never its password. */
export function addressOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'postgres:' ? '5432' : '5672';
  return `${hostname}:${port || usual}`;
}
