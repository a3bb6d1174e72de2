import type { EntityManager } from 'typeorm';
import { enqueue, Unpublishable } from '../index.js';
import { RelayPass } from '../relay-pass.js';
import { eventually } from './eventually.js';
import { OutboxDatabase } from './outbox-database.js';
import { Recorder } from './recorder.js';

/** Shard 0 of an outbox, passes over it, and the end of its queue. One database serves many tests: `clear` it. */
export class OneShard {
  broker = new Recorder();
  /** Payloads that cannot be published, and why: a reason, or a reason and a detail after a colon. */
  readonly poison = new Map<string, string>();
  private passes: RelayPass[] = [];

  private constructor(readonly outbox: OutboxDatabase) {}

  static async create(): Promise<OneShard> {
    return new OneShard(await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']));
  }

  get database() {
    return this.outbox.database;
  }

  /** Each has its own key, whose messages are in shard 0. */
  key(index: number): string {
    return this.outbox.keysOfShard0[index] ?? '';
  }

  /** The next owner of the shard: it knows nothing of earlier ones. */
  newPass({ sliceSize = 1_000, replaySlice = 1_000 } = {}): RelayPass {
    const pass = new RelayPass({
      database: this.outbox.relay,
      shard: 0,
      sliceSize,
      replaySlice,
      publish: async (shard, rows) => {
        const poison = rows.flatMap(({ payload, message_id: messageId }) => {
          const [reason, detail] = this.poison.get(payload)?.split(': ') ?? [];
          return reason === undefined ? [] : [{ messageId, reason, detail }];
        });
        if (poison.length > 0) throw new Unpublishable(poison);
        await this.broker.publish(shard, rows);
      },
      mayGoOn: () => true,
    });
    this.passes.push(pass);
    return pass;
  }

  /** One owner after another, each for one pass: none has to wait a second between two slices of a replay. */
  async runOwners(count: number, options?: { sliceSize?: number; replaySlice?: number }): Promise<void> {
    for (let owners = 0; owners < count; owners++) await this.newPass(options).run();
  }

  async message(payload: string, key = 0): Promise<void> {
    await this.database.transaction((tx) => this.messageIn(tx, payload, key));
  }

  async messages(...payloads: string[]): Promise<void> {
    for (const payload of payloads) await this.message(payload);
  }

  messageIn(tx: EntityManager, payload: string, key = 0): Promise<void> {
    return enqueue(tx, [{ type: 'thing.happened', key: this.key(key), payload }]);
  }

  rows<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.database.query<Row[]>(sql, parameters);
  }

  /** The database has answered all that the shard's owner has asked so far. */
  async untilRelayIsIdle(): Promise<void> {
    await eventually(async () => {
      const busy = await this.rows(
        `SELECT FROM pg_stat_activity
          WHERE application_name LIKE '%relay%' AND datname = current_database() AND state <> 'idle'`,
      );
      if (busy.length > 0) throw new Error('the relay still waits for an answer');
    });
  }

  /** Payload and reason of what is dead, and not dropped. */
  deadLetters(): Promise<object[]> {
    return this.rows(
      'SELECT payload, reason FROM outbox_dead_letter AS dead JOIN outbox_message USING (id) WHERE dropped_at IS NULL ORDER BY id',
    );
  }

  async clear(): Promise<void> {
    await Promise.all(this.passes.map((pass) => pass.abandon()));
    this.passes = [];
    this.broker = new Recorder();
    this.poison.clear();
    await this.database.query(
      'TRUNCATE outbox_message, outbox_dead_letter, outbox_marker, outbox_intervention',
    );
  }

  async drop(): Promise<void> {
    await this.clear();
    await this.outbox.drop();
  }
}
