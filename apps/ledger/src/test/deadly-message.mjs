// Loaded into a ledger process (`node --import`) by tests: posting a payment whose reference is this one kills the
// process, whoever posts it and however deep. In the database nothing can do that, and production code has no such if.
import pg from 'pg';

const query = Reflect.get(pg.Client.prototype, 'query');

pg.Client.prototype.query = function queryOrDie(statement, parameters, ...rest) {
  const { text, values } =
    typeof statement === 'string' ? { text: statement, values: parameters } : statement;
  if (text?.includes('INSERT INTO transfer') && JSON.stringify(values).includes('"deadly"')) {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
  return query.call(this, statement, parameters, ...rest);
};
