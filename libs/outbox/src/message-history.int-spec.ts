import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messageHistory } from './index.js';
import { OneShard } from './test/one-shard.js';

let shard: OneShard;
beforeAll(async () => {
  shard = await OneShard.create();
}, 30_000);
afterAll(() => shard.drop());

const publishedAt = async () =>
  (await messageHistory(shard.database, shard.key(0))).map(
    (message) => message.publishedAt?.getTime() ?? null,
  );

describe('the history of a message', () => {
  it('tells when it was first noted that it is published, as long as that note is kept', async () => {
    for (let index = 0; index < 12; index++) {
      await shard.message(`${index}`);
      if (index % 3 !== 1) await shard.runOwners(1, { sliceSize: 1 }); // some windows hold two
    }
    await shard.message('waits');
    const noted = await shard.rows<{ at: Date; seq: string }>(
      `SELECT first.recorded_at AS at, first.seq
         FROM outbox_message AS message
         LEFT JOIN LATERAL (
              SELECT recorded_at, seq
                FROM outbox_progress
               WHERE shard = message.shard
                 AND (pg_visible_in_snapshot(xid, base)
                      OR horizon IS NOT NULL AND pg_visible_in_snapshot(xid, horizon) AND id <= after_id)
               ORDER BY seq
               LIMIT 1) AS first ON true
        ORDER BY id`,
    );
    const expected = noted.map(({ at }) => at?.getTime() ?? null);
    expect(expected.filter((at) => at !== null)).toHaveLength(12);
    expect(await publishedAt()).toEqual(expected);

    await shard.rows('DELETE FROM outbox_progress WHERE shard = 0 AND seq <= $1', [noted[5]?.seq]);
    expect(await publishedAt()).toEqual(expected.map((at, index) => (index <= 5 ? null : at)));
  });

  it('tells of a dead letter why and when, and of neither when it is gone', async () => {
    await shard.clear();
    expect(await messageHistory(shard.database, shard.key(0))).toEqual([]);
    shard.poison.set('dead', 'too big: 17 bytes');
    await shard.message('dead');
    await shard.runOwners(1);
    expect(await messageHistory(shard.database, shard.key(0))).toMatchObject([
      {
        station: 'dead-lettered',
        publishedAt: null,
        deadLetter: { reason: 'too big', detail: '17 bytes', diedAt: expect.any(Date), droppedAt: null },
        interventions: [],
      },
    ]);
  });
});
