// Loaded into a ledger process (`node --import`) by tests: posting a payment whose reference is this one kills the
// process, whoever posts it and however deep. In the database nothing can do that, and production code has no such if.
import pg from 'pg';

/** The reference as an element of an array in Postgres's binary format: its length, then its text. */
const deadly = Buffer.from('\0\0\0\x06deadly');
const query = Reflect.get(pg.Client.prototype, 'query');

pg.Client.prototype.query = function queryOrDie(statement, parameters, ...rest) {
  const { text, values } =
    typeof statement === 'string' ? { text: statement, values: parameters } : statement;
  if (
    text?.includes('INSERT INTO transfer') &&
    values?.some((value) => Buffer.isBuffer(value) && value.includes(deadly))
  ) {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
  return query.call(this, statement, parameters, ...rest);
};
