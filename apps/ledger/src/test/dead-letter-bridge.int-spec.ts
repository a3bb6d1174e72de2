import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parkedQueue } from '@paid-once/contracts';
import { inTransaction } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { parkDeadLetters } from '../dead-letter-bridge.js';
import { postTransfers } from '../post-transfers.js';
import { eventually } from './eventually.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

describe('parking dead letters', () => {
  let rig: LedgerRig;
  let database: DataSource;
  beforeAll(async () => {
    rig = await LedgerRig.create();
    database = await rig.open();
  });
  afterAll(() => rig.drop());
  beforeEach(() => rig.empty());

  const queue = 'ledger.payments.3';
  it.each([
    ['the queue it died in', queue],
    ['not where it died', parkedQueue],
  ])(
    'leaves nothing parked that is posted at the same time, if the letter says %s',
    async (_what, diedIn) => {
      const message = messageOf(rig.setup.runId, payment(), 'payment.accepted', { queue });
      const letter = { ...message, queue: diedIn, deliveryTag: 1, redelivered: false, deliveryCount: 0 };
      let posting: Promise<unknown> = Promise.resolve();
      let posted = false;
      await inTransaction(database, async (tx) => {
        await parkDeadLetters(tx, [letter]);
        posting = inTransaction(database, (other) => postTransfers(other, [message]));
        void posting.finally(() => (posted = true));
        await eventually(async () => posted || (await somebodyWaits()));
      });
      await posting;
      expect(await database.query('SELECT FROM transfer')).toHaveLength(1);
      expect(await database.query('SELECT reason FROM parked_message')).toEqual([]);
    },
  );

  /** For a shard, in this database. */
  const somebodyWaits = async (): Promise<boolean> => {
    const waiting = await rig.admin.query<unknown[]>(
      `SELECT FROM pg_locks JOIN pg_database ON oid = database
        WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted`,
    );
    return waiting.length > 0;
  };
});
