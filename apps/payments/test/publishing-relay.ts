import { outboxEntities, Relay, relaySession, Unpublishable, type OutboxRow } from '@paid-once/outbox';
import { postgresOptions } from '@paid-once/service';
import { DataSource } from 'typeorm';
import type { PaymentsDatabase } from './payments-app.js';

/** A relay with the rights that setup gives it, which publishes into a list. */
export class PublishingRelay {
  readonly published: OutboxRow[] = [];
  /** Ids of payments whose messages cannot be published, and why. */
  readonly poison = new Map<string, string>();
  private readonly clock: NodeJS.Timeout;

  private constructor(
    private readonly database: DataSource,
    private readonly relay: Relay,
  ) {
    void relay.beat();
    this.clock = setInterval(() => void relay.beat(), 200);
  }

  static async start({ urls }: PaymentsDatabase): Promise<PublishingRelay> {
    const options = postgresOptions({
      url: urls.relay,
      process: 'relay',
      poolSize: 8,
      entities: outboxEntities,
    });
    const database = await new DataSource(relaySession(options)).initialize();
    const relay = new Relay({
      database,
      lockUrl: urls.relay,
      applicationName: 'test relay',
      sliceSize: 100,
      publish: async (_shard, rows) => running.publish(rows),
    });
    const running: PublishingRelay = new PublishingRelay(database, relay);
    return running;
  }

  /** Message ids, in the order in which they were published. */
  get messageIds(): string[] {
    return this.published.map(({ message_id }) => message_id);
  }

  async stop(): Promise<void> {
    clearInterval(this.clock);
    await this.relay.onModuleDestroy();
    await this.database.destroy();
  }

  private publish(rows: OutboxRow[]): void {
    const poison = rows.filter(({ key, type }) => this.poison.has(key) && type === 'payment.accepted');
    if (poison.length > 0)
      throw new Unpublishable(
        poison.map(({ key, message_id: messageId }) => ({
          messageId,
          reason: this.poison.get(key) ?? '',
        })),
      );
    this.published.push(...rows);
  }
}
