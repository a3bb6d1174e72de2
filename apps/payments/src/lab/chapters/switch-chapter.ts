import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { inTransaction, pause, TemporarilyUnavailable } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { askLedger } from '../ask-ledger.js';
import { readChapter, type Chapter, type ChapterSince } from './chapter.js';
import { allHaveLookedMs, CurrentChapter } from './current-chapter.js';
import { DualWrite } from './dual-write.js';
import { ChapterCannotBeHad, throwProblem } from './chapter-problems.js';

export const LEDGER_URL = Symbol('where the ledger answers');

/** Switches both sides to another chapter, or neither: the payments side changes first and is committed last. */
@Injectable()
export class SwitchChapter {
  constructor(
    @InjectDataSource() private readonly database: DataSource,
    @Inject(LEDGER_URL) private readonly ledgerUrl: string,
    private readonly current: CurrentChapter,
    private readonly dualWrite: DualWrite,
  ) {}

  /**
   * Resolves when every process of both sides has had the time to look.
   * @throws ChapterCannotBeHad     chapter 1, without a way to the broker
   * @throws TemporarilyUnavailable nothing was switched; or, after a lost COMMIT, perhaps one side: to be repeated
   */
  async to(chapter: Chapter): Promise<ChapterSince> {
    if (chapter === 1 && !this.dualWrite.possible) throw new ChapterCannotBeHad();
    const now = await this.commit(chapter).catch(throwProblem);
    await Promise.all([pause(allHaveLookedMs), this.current.lookAgain()]);
    if (chapter === 1) await this.dualWrite.tried();
    return now;
  }

  private commit(chapter: Chapter): Promise<ChapterSince> {
    return inTransaction(this.database, async (tx) => {
      // The row is locked also where nothing changes: two switches at once must reach the ledger in one order.
      await tx.query(
        `UPDATE lab_chapter
            SET chapter = $1,
                since = CASE WHEN chapter = $1 THEN since ELSE clock_timestamp() END`,
        [chapter],
      );
      await this.switchLedger(chapter);
      return readChapter(tx);
    });
  }

  private async switchLedger(chapter: Chapter): Promise<void> {
    const status = await askLedger(this.ledgerUrl, 'PUT', '/lab/chapter', { chapter });
    if (status === undefined)
      throw new TemporarilyUnavailable('The ledger cannot be reached. Nothing was switched on either side.');
    if (status !== 200)
      throw new TemporarilyUnavailable(
        `The ledger could not be switched (it answered ${status}). Nothing was switched here; see its log, then repeat.`,
      );
  }
}
