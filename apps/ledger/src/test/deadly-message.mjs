// Loaded into a ledger process (`node --import`) by tests: posting a payment whose reference is this one kills the
// process, whoever posts it and however deep. In the database nothing can do that, and production code has no such if.
import { EntityManager } from 'typeorm';

const query = Reflect.get(EntityManager.prototype, 'query');

EntityManager.prototype.query = function queryOrDie(sql, parameters) {
  if (sql.includes('INSERT INTO transfer') && JSON.stringify(parameters).includes('"deadly"')) {
    process.kill(process.pid, 'SIGKILL');
    for (;;);
  }
  return query.call(this, sql, parameters);
};
