import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InjectDataSource } from '@nestjs/typeorm';
import { listParked, parkedCounts } from '@paid-once/inbox';
import { DatabaseWatch, type Notice } from '@paid-once/service';
import { DataSource, type EntityManager } from 'typeorm';

/** So many messages are named in a line. */
const named = 10;
/** Anybody's may be longer. */
const idLength = 36;
/** What came too early is posted by itself when its predecessor is: it is told when that takes long. */
const early = { reason: 'waiting-for', afterSeconds: 600 };

/** Tells in the log what was set aside, and when nothing is any more. */
@Injectable()
export class ParkedWatch {
  private readonly watch: DatabaseWatch;

  constructor(@InjectDataSource() database: DataSource) {
    this.watch = new DatabaseWatch(database, 'parked', noticesIn);
  }

  @Interval('parked watch', 5_000)
  look(): Promise<void> {
    return this.watch.look();
  }
}

async function noticesIn(db: EntityManager): Promise<Notice[]> {
  const notices: Notice[] = [];
  for (const [reason, count] of Object.entries(await parkedCounts(db))) {
    const { messages } = await listParked(db, { reason, dropped: false, limit: named });
    notices.push(noticeOf(reason, count, messages));
  }
  return notices;
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
