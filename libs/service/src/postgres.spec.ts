import { describe, expect, it } from '@jest/globals';
import { postgresOptions } from './postgres.js';

const timeoutsOf = (timeoutMs?: number) => {
  const url = 'postgres://127.0.0.1/payments';
  const options = postgresOptions({ url, process: 'test', poolSize: 1, entities: [], timeoutMs });
  const { query_timeout, statement_timeout, lock_timeout, idle_in_transaction_session_timeout } =
    options.extra as Record<string, number>;
  const connect = 'connectTimeoutMS' in options ? options.connectTimeoutMS : undefined;
  return { connect, lock_timeout, statement_timeout, idle_in_transaction_session_timeout, query_timeout };
};

describe('the time-outs of a database', () => {
  it('are 6 s for an answer, unless told otherwise, and less for what the server ends itself', () =>
    expect(timeoutsOf()).toEqual({
      connect: 2_000,
      lock_timeout: 1_000,
      statement_timeout: 5_000,
      idle_in_transaction_session_timeout: 5_000,
      query_timeout: 6_000,
    }));
  it('keep their proportions when they are shortened', () =>
    expect(timeoutsOf(1_200)).toEqual({
      connect: 400,
      lock_timeout: 200,
      statement_timeout: 1_000,
      idle_in_transaction_session_timeout: 1_000,
      query_timeout: 1_200,
    }));
});
