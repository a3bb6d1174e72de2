import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InjectDataSource } from '@nestjs/typeorm';
import { listParked, parkedCounts } from '@paid-once/inbox';
import { Notices, reading, type Notice } from '@paid-once/service';
import { DataSource } from 'typeorm';

/** So many messages are named in a line. */
const named = 10;
/** Anybody's may be longer. */
const idLength = 36;
/** What came too early is posted by itself when its predecessor is: it is told when that takes long. */
const early = { reason: 'waiting-for', afterSeconds: 600 };

/** Tells in the log what was set aside, and when nothing is any more. */
@Injectable()
export class ParkedWatch {
  private readonly notices = new Notices(new Logger('parked'));
  private looking: Promise<void> | undefined;

  constructor(@InjectDataSource() private readonly database: DataSource) {}

  // While the database does not answer, which is told elsewhere, what was told stands.
  @Interval('parked watch', 5_000)
  look(): Promise<void> {
    if (!this.database.isInitialized) return Promise.resolve();
    return (this.looking ??= this.lookNow()
      .catch(() => {})
      .finally(() => (this.looking = undefined)));
  }

  private async lookNow(): Promise<void> {
    const notices = await reading(this.database, async (db) => {
      const counts = Object.entries(await parkedCounts(db));
      return Promise.all(
        counts.map(async ([reason, count]) => {
          const { messages } = await listParked(db, { reason, dropped: false, limit: named });
          return noticeOf(reason, count, messages);
        }),
      );
    });
    this.notices.show(notices);
  }
}

// The number is not in the name: a hundred more are no other fault.
function noticeOf(
  reason: string,
  count: number,
  messages: { messageId: string | null; key: string | null }[],
): Notice {
  return {
    what: `messages are set aside as ${reason}`,
    says: `${count}. What they say is not posted: docs/runbook/${reason === early.reason ? 'reversal-waiting' : 'parked'}.md`,
    about: {
      messageIds: messages.map(({ messageId }) => messageId?.slice(0, idLength)),
      paymentIds: messages.map(({ key }) => key?.slice(0, idLength)),
    },
    ...(reason === early.reason && { afterSeconds: early.afterSeconds }),
  };
}
