import { runKeysProgram } from '@paid-once/credentials';

await runKeysProgram('PAID_ONCE_PAYMENTS_ADMIN_DB_URL');
