import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InjectDataSource } from '@nestjs/typeorm';
import { reading, sqlState } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { production, readChapter, type Chapter } from './chapter.js';

const lookEveryMs = 250;

/** How long after a switch was committed every process has looked, in milliseconds: two looks and some. */
export const allHaveLookedMs = 600;

/** The chapter as this process knows it: it looks at the database, because another process may have been told. */
@Injectable()
export class CurrentChapter implements BeforeApplicationShutdown {
  // Not known yet: then nothing is accepted by weaker rules.
  private current: Chapter = production;
  private seen = false;
  private looking: Promise<void> | undefined;
  private readonly followers: ((chapter: Chapter) => void)[] = [];

  constructor(@InjectDataSource() private readonly database: DataSource) {}

  get chapter(): Chapter {
    return this.current;
  }

  /** False until the database has answered once. */
  get known(): boolean {
    return this.seen;
  }

  /** Calls back with each chapter that follows another. */
  follow(follower: (chapter: Chapter) => void): void {
    this.followers.push(follower);
  }

  /** A look that begins now, not one that is under way and may have seen what was. */
  async lookAgain(): Promise<void> {
    await this.looking;
    await this.look();
  }

  // A look through a slow link may outlast the interval: looks never overlap, and shutdown waits for the last one.
  @Interval('lab-chapter', lookEveryMs)
  look(): Promise<void> {
    return (this.looking ??= this.read().finally(() => (this.looking = undefined)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.looking;
  }

  private async read(): Promise<void> {
    try {
      const { chapter } = await reading(this.database, readChapter);
      this.seen = true;
      if (chapter === this.current) return;
      this.current = chapter;
      for (const follower of this.followers) follower(chapter);
    } catch (error) {
      // The database is away: what was last seen counts. It has no chapters: setup has not run in lab mode.
      if (sqlState(error) !== undefined) this.seen = true;
    }
  }
}
