import { describe, expect, it } from '@jest/globals';
import { setUpSystem } from './set-up-system.js';

const env = {
  PAID_ONCE_PAYMENTS_ADMIN_DB_URL: 'postgres://owner:a@127.0.0.1/money',
  PAID_ONCE_LEDGER_ADMIN_DB_URL: 'postgresql://other:b@127.0.0.1:5432/money?sslmode=disable',
  PAID_ONCE_PAYMENTS_DB_URL: 'postgres://payments:a@127.0.0.1/money',
  PAID_ONCE_RELAY_DB_URL: 'postgres://relay:a@127.0.0.1/money',
  PAID_ONCE_LEDGER_DB_URL: 'postgres://ledger:a@127.0.0.1/money',
  PAID_ONCE_RELAY_AMQP_URL: 'amqp://relay:a@127.0.0.1/v',
  PAID_ONCE_LEDGER_AMQP_URL: 'amqp://ledger:a@127.0.0.1/v',
  PAID_ONCE_BROKER_ADMIN_URL: 'http://admin:a@127.0.0.1:1',
};

describe('setup', () => {
  it('K7: refuses one database for both ledgers, however it is spelt, before it touches anything', async () => {
    await expect(setUpSystem({ env, say: () => {} })).rejects.toThrow(
      'PAID_ONCE_LEDGER_ADMIN_DB_URL: is the database of PAID_ONCE_PAYMENTS_ADMIN_DB_URL, too',
    );
  });
});
