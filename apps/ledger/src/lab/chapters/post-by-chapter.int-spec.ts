import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Message } from '@paid-once/inbox';
import { inTransaction } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import { LedgerRig } from '../../test/ledger-rig.js';
import { messageOf, payment } from '../../test/payment-messages.js';
import { postByChapter } from './post-by-chapter.js';

describe('posting by the chapter in force', () => {
  let rig: LedgerRig;
  let database: DataSource;
  beforeAll(async () => {
    rig = await LedgerRig.create({ lab: true });
    database = await rig.open();
  });
  afterAll(() => rig.drop());
  beforeEach(() => rig.empty());

  const enter = (chapter: number) => rig.admin.query('UPDATE lab_chapter SET chapter = $1', [chapter]);
  const post = (...messages: Message[]) => inTransaction(database, (tx) => postByChapter(tx, messages));
  const accepted = () => messageOf(rig.setup.runId, payment());
  const posted = async () =>
    (
      await rig.admin.query<unknown[]>(
        `SELECT count(*)::int AS transfers, max(occurrence)::int AS last,
                (SELECT sum(debits_posted)::int FROM account) AS debits
           FROM transfer`,
      )
    )[0];

  it.each([1, 2, 3])('posts what stands in a batch twice twice, in chapter %i', async (chapter) => {
    await enter(chapter);
    const [one, other] = [accepted(), accepted()];
    expect(await post(one, other, one, one)).toMatchObject({ done: 4, repeated: {}, parked: {} });
    expect(await post(one)).toMatchObject({ done: 1 });
    expect(await posted()).toEqual({ transfers: 5, last: 3, debits: 500 });
  });

  it('posts each delivery when many ledgers are given the same event at once', async () => {
    await enter(2);
    const message = accepted();
    await Promise.all(Array.from({ length: 24 }, () => post(message)));
    expect(await posted()).toEqual({ transfers: 24, last: 23, debits: 2_400 });
  });

  it('follows the chapter in the database from one transaction to the next, whatever the process knows', async () => {
    const message = accepted();
    for (const chapter of [2, 4, 2, 4]) {
      await enter(chapter);
      await post(message, message);
    }
    expect(await posted()).toEqual({ transfers: 4, last: 3, debits: 400 });
  });

  it('posts nothing while it is not known which chapter is in force', async () => {
    await rig.admin.query('ALTER TABLE lab_chapter RENAME TO hidden');
    await expect(post(accepted())).rejects.toThrow('lab_chapter');
    await rig.admin.query('ALTER TABLE hidden RENAME TO lab_chapter');
    expect(await posted()).toMatchObject({ transfers: 0 });
  });
});
