import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inTransaction } from '@paid-once/service';
import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { ChainController } from '../chain.controller.js';
import { lineBeforeSql } from '../migrations/1797000002000-quicker-transfer-line.js';
import { postTransfers } from '../post-transfers.js';
import { LedgerRig } from './ledger-rig.js';
import { messageOf, payment } from './payment-messages.js';

describe('the chain of transfers', () => {
  let rig: LedgerRig;
  let database: DataSource;
  let chain: ChainController;
  const runId = randomUUID();
  beforeAll(async () => {
    rig = await LedgerRig.create({ runId });
    database = await rig.openPatient();
    chain = new ChainController(database);
  });
  afterAll(() => rig.drop());
  beforeEach(() => rig.empty());

  const payments = (count: number) =>
    Array.from({ length: count }, () => messageOf(runId, payment({ reference: '"quoted", \\ and 💶' })));
  const post = (messages = payments(20)) => inTransaction(database, (tx) => postTransfers(tx, messages));

  /** As `paid-once ledger verify`. */
  async function verified() {
    const { shards } = await chain.heads();
    const sum = { links: 0, transfers: 0, faults: [] as string[] };
    for (let shard = 0; shard < shards; shard++)
      for (let after: string | null = '0'; after !== null;) {
        const part = await chain.verify(String(shard), after);
        sum.links += part.links;
        sum.transfers += part.transfers;
        sum.faults.push(...part.faults.map(({ fault }) => fault));
        after = part.next;
      }
    return sum;
  }
  const changed = 'its transfers are not those that were posted';

  it('has a link for each shard of a batch, and vouches for what was posted', async () => {
    const messages = payments(100);
    await post(messages.slice(0, 60));
    await post(messages); // the first sixty are there already
    await post(messages);
    const { heads } = await chain.heads();
    const shards = new Set(messages.map(({ queue }) => Number(queue.at(-1))));
    expect(shards.size).toBeGreaterThan(1);
    expect(heads.map(({ shard, seq }) => [shard, seq])).toEqual(
      [...shards].sort((a, b) => a - b).map((shard) => [shard, '2']),
    );
    expect(await verified()).toEqual({ links: 2 * shards.size, transfers: 100, faults: [] });
  });

  it('is over the text that the release before wrote, to the byte, so that its links stay right', async () => {
    const texts = ['plain', '"quoted", \\ and / 💶', '\u0001\t\n\u007f\u2028', '', null];
    await rig.admin.query(
      `INSERT INTO transfer (payment_id, kind, occurrence, debit_account, credit_account, amount_minor, currency, reference,
                             message_id, shard)
       SELECT gen_random_uuid(), kind, position, coalesce(said, 'a"b') || '-', 'c\\d', amount, 'EUR', said,
              gen_random_uuid(), 3
         FROM unnest($1::text[]) WITH ORDINALITY AS line (said, position),
              unnest(ARRAY['payment', 'reversal']) AS kind,
              unnest(ARRAY[1, 9223372036854775807]) AS amount`,
      [texts],
    );
    const rows = await rig.admin.query<{ now: string; before: string }[]>(
      `SELECT transfer_line(line) AS now, (${lineBeforeSql}) AS before FROM transfer AS line`,
    );
    expect(rows).toHaveLength(20);
    for (const { now, before } of rows) expect(now).toBe(before);
  });

  it('is whole after thousands of links, and however many ledgers post at once', async () => {
    const batches = Array.from({ length: 250 }, () => payments(4));
    for (let batch; (batch = batches.splice(0, 8)).length > 0;)
      await Promise.all(batch.map((each) => post(each)));
    const { links, transfers, faults } = await verified();
    expect({ transfers, faults }).toEqual({ transfers: 1_000, faults: [] });
    expect(links).toBeGreaterThan(400);
  });

  it.each([
    ['an amount', 'UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id = $1', [changed]],
    ['an account', `UPDATE transfer SET debit_account = 'mallory' WHERE id = $1`, [changed]],
    ['a reference', 'UPDATE transfer SET reference = NULL WHERE id = $1', [changed]],
    ['a time', `UPDATE transfer SET posted_at = posted_at - interval '1 day' WHERE id = $1`, [changed]],
    [
      'the shard, into an empty one',
      'UPDATE transfer SET shard = (shard + 1) % 4 WHERE id = $1',
      ['1 transfers after the last link are in none', changed],
    ],
    ['a transfer that is removed', 'DELETE FROM transfer WHERE id = $1', [changed]],
    [
      'a hash',
      `UPDATE transfer_link SET hash = sha256('x') WHERE seq = 2 AND shard = (SELECT shard FROM transfer WHERE id = $1)`,
      ['it is not chained to the link before it', changed],
    ],
    [
      'a link that is removed',
      'DELETE FROM transfer_link WHERE seq = 2 AND shard = (SELECT shard FROM transfer WHERE id = $1)',
      ['a link before it is missing', 'it is not chained to the link before it', changed],
    ],
    [
      'a transfer that is added at the end',
      `INSERT INTO transfer (payment_id, kind, debit_account, credit_account, amount_minor, currency, message_id, shard)
       SELECT gen_random_uuid(), kind, 'a', 'b', 1, currency, message_id, shard FROM transfer WHERE id = $1`,
      ['1 transfers after the last link are in none'],
    ],
  ])("S3: shows a superuser's edit of %s", async (_what, sql, faults) => {
    for (let batch = 0; batch < 3; batch++) await post();
    const [middle] = await rig.admin.query<{ id: string }[]>(
      `SELECT id FROM transfer
        WHERE id > (SELECT last_transfer FROM transfer_link AS l WHERE l.shard = transfer.shard AND seq = 1)
        ORDER BY id LIMIT 1`,
    );
    await rig.admin.query(sql, [middle?.id]);
    expect((await verified()).faults.sort()).toEqual([...faults].sort());
  });

  it('S3: is written by nobody but the database, and stops the owner’s mistakes', async () => {
    await post();
    const service = await rig.open();
    const link = `INSERT INTO transfer_link VALUES (0, 9, sha256(''), sha256(''), 1, 1)`;
    for (const sql of [
      link,
      'DELETE FROM transfer_link',
      'UPDATE transfer_link SET seq = 9',
      'SELECT chain_transfers()',
    ])
      await expect(service.query(sql)).rejects.toThrow(/permission denied/);
    const owner = await rig.open(rig.setup.adminUrl);
    for (const sql of [
      'UPDATE transfer SET amount_minor = 1',
      'DELETE FROM transfer',
      'TRUNCATE transfer',
      'UPDATE transfer_link SET seq = 9',
      'DELETE FROM transfer_link',
      'TRUNCATE transfer_link',
    ])
      await expect(owner.query(sql)).rejects.toThrow('is append-only');
  });

  it('refuses what is no shard and no link', async () => {
    for (const [shard, after] of [
      ['x', '0'],
      ['-1', '0'],
      ['0', 'x'],
      [undefined, '0'],
    ])
      await expect(chain.verify(shard, after)).rejects.toThrow('give a whole number');
  });
});
