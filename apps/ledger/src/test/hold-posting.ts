import type { LedgerRig } from './ledger-rig.js';

const lockOfShards = 0x1ed6e7;

/** Whatever the ledger has in hand stays there until `release`: somebody else holds the locks of its shards. */
export async function holdPosting({ admin }: LedgerRig): Promise<{ release(): Promise<void> }> {
  const session = admin.createQueryRunner();
  await session.query('SELECT pg_advisory_lock($1, shard) FROM generate_series(0, 3) AS shard', [
    lockOfShards,
  ]);
  const release = async () => {
    await session.query('SELECT pg_advisory_unlock_all()');
    await session.release();
  };
  return { release };
}
