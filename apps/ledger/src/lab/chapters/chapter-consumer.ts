import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { BrokerConnection } from '@paid-once/broker';
import { AutoAckConsumer } from '@paid-once/broker/lab';
import { inTransaction, pause, reading, reasonOf, sqlState } from '@paid-once/service';
import type { Consumption } from '../../consumption.js';
import { PaymentsConsumer } from '../../payments.consumer.js';
import { readChapter, writeChapter, type Chapter, type ChapterInForce } from './chapter.js';
import { ChapterConsumption } from './chapter-consumption.js';
import { postByChapter } from './post-by-chapter.js';
import { PostOnArrival } from './post-on-arrival.js';

const lookEveryMs = 250;
const settledWithinMs = 2_000;
const undefinedTable = '42P01';

/** In lab mode in the place of the production consumer: consumes and posts by the chapter in force. */
@Injectable()
export class ChapterConsumer extends PaymentsConsumer {
  private consumption: ChapterConsumption | undefined;
  private looking: Promise<void> | undefined;
  private switches = 0;

  /** @throws DatabaseUnavailable */
  current(): Promise<ChapterInForce> {
    return reading(this.database, readChapter);
  }

  /**
   * Puts a chapter in force, for every process of this database; here at once. What was received before has been posted
   * when this resolves, or 2 s have passed.
   * @throws TemporarilyUnavailable, DatabaseUnavailable the chapter is still the one before
   */
  async switchTo(chapter: Chapter): Promise<ChapterInForce> {
    const now = await this.whilePaused(async () => {
      const written = await inTransaction(this.database, (tx) => writeChapter(tx, chapter));
      this.switches++;
      this.consumption?.enter(written.chapter);
      return written;
    });
    const patience = new AbortController();
    await Promise.race([this.consumption?.settled(), pause(settledWithinMs, patience.signal)]);
    patience.abort();
    return now;
  }

  /** Another process may have put another chapter in force. */
  @Interval('chapter', lookEveryMs)
  look(): Promise<void> {
    return (this.looking ??= this.lookOnce().finally(() => (this.looking = undefined)));
  }

  protected override consume(connection: BrokerConnection, queues: string[]): Consumption {
    const onArrival = new PostOnArrival({
      database: this.database,
      subscribe: (onDelivery) => new AutoAckConsumer(connection, { queues, onDelivery }),
      handle: postByChapter,
      onTally: ({ since = [] }) => this.endToEnd.posted(since),
    });
    const inBatches = () => super.consume(connection, queues, postByChapter);
    this.consumption = new ChapterConsumption({ onArrival, inBatches });
    void this.look();
    return this.consumption;
  }

  private async lookOnce(): Promise<void> {
    const { consumption, switches } = this;
    if (consumption === undefined) return;
    try {
      const { chapter } = await this.current();
      if (switches === this.switches) consumption.enter(chapter); // else it was read before it was changed here
    } catch (error) {
      consumption.stillUnknown(
        sqlState(error) === undefinedTable ? 'run `paid-once setup` in lab mode' : reasonOf(error),
      );
    }
  }
}
