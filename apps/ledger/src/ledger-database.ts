import { ApiKey, ApiKeys } from '@paid-once/credentials';
import { inboxEntities, inboxMigrations } from '@paid-once/inbox';
import { Account } from './account.entity.js';
import { CreateLedger1764000001000 } from './migrations/1764000001000-create-ledger.js';
import { TransferChain1796000001000 } from './migrations/1796000001000-transfer-chain.js';
import { QuickerTransferLine1797000002000 } from './migrations/1797000002000-quicker-transfer-line.js';
import { TransferLink } from './transfer-link.entity.js';
import { Transfer } from './transfer.entity.js';

/** The inbox lies beside the transfers, so that one transaction holds both. */
export const ledgerEntities = [...inboxEntities, Transfer, TransferLink, Account, ApiKey];
export const ledgerMigrations = [
  ...inboxMigrations,
  CreateLedger1764000001000,
  ApiKeys,
  TransferChain1796000001000,
  QuickerTransferLine1797000002000,
];
