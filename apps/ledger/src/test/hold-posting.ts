import type { LedgerRig } from './ledger-rig.js';

/** Whatever the ledger has in hand stays there until `release`: somebody else holds the table of transfers. */
export async function holdPosting({ admin }: LedgerRig): Promise<{ release(): Promise<void> }> {
  const session = admin.createQueryRunner();
  await session.startTransaction();
  await session.query('LOCK TABLE transfer IN SHARE MODE');
  const release = async () => {
    await session.rollbackTransaction();
    await session.release();
  };
  return { release };
}
