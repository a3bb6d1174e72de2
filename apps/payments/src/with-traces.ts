import { textArray, type Statement } from '@paid-once/service';
import type { PaymentCommand } from './payment-command.js';
import { tracedSql } from './sql/traced-events.js';

/** The statement that writes these, and writes into each message which trace it belongs to, if any of them is traced. */
export function withTraces(statement: Statement, commands: PaymentCommand[]): Statement {
  const sql = tracedSql.get(statement.sql);
  if (sql === undefined || commands.every(({ traceparent }) => traceparent === undefined)) return statement;
  return {
    sql,
    parameters: [
      ...statement.parameters,
      textArray(commands.map(({ client }) => client)),
      textArray(commands.map(({ idempotencyKey }) => idempotencyKey)),
      textArray(commands.map(({ traceparent }) => traceparent)),
    ],
  };
}
