import { Logger } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { Notices, type Notice } from './notices.js';
import { DatabaseUnavailable, reading } from './transaction.js';
import { Waiting } from './waiting.js';

/** What a look cost the database is not asked of it again for so many times as long. */
const restFactor = 9;

/**
 * Looks at the database for what stands still without an error, and tells it in the log. While the database does not
 * answer, which is told elsewhere, what was told stands.
 */
export class DatabaseWatch {
  private readonly notices: Notices;
  private readonly waiting: Waiting;
  private looking: Promise<void> | undefined;
  private restsUntil = -Infinity;

  /** @param find what is not as it should be now */
  constructor(
    private readonly database: DataSource,
    context: string,
    private readonly find: (db: EntityManager) => Promise<Notice[]>,
  ) {
    const logger = new Logger(context);
    this.notices = new Notices(logger);
    this.waiting = new Waiting(logger, 'a look at what stands still');
  }

  /** As often as anybody likes: one look at a time, and few while they are dear. */
  look(): Promise<void> {
    if (!this.database.isInitialized || performance.now() < this.restsUntil) return Promise.resolve();
    return (this.looking ??= this.lookNow().finally(() => (this.looking = undefined)));
  }

  private async lookNow(): Promise<void> {
    const startedAt = performance.now();
    try {
      this.notices.show(await reading(this.database, this.find));
      this.restsUntil = performance.now() + restFactor * (performance.now() - startedAt);
      this.waiting.overIfBegun();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) this.waiting.because(error);
    }
  }
}
