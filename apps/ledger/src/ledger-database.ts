import { inboxEntities, inboxMigrations } from '@paid-once/inbox';
import { Account } from './account.entity.js';
import { CreateLedger1764000001000 } from './migrations/1764000001000-create-ledger.js';
import { Transfer } from './transfer.entity.js';

/** The inbox lies beside the transfers, so that one transaction holds both. */
export const ledgerEntities = [...inboxEntities, Transfer, Account];
export const ledgerMigrations = [...inboxMigrations, CreateLedger1764000001000];
