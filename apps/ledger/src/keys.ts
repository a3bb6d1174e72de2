import { runKeysProgram } from '@paid-once/credentials';

await runKeysProgram('PAID_ONCE_LEDGER_ADMIN_DB_URL');
