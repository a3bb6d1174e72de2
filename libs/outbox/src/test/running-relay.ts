import { postgresOptions } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { outboxEntities, Relay, relaySession, type PassOutcome } from '../index.js';
import { Recorder } from './recorder.js';

/** A relay with its own connections and its clock, as a process would have. */
export class RunningRelay {
  readonly broker = new Recorder();
  readonly outcomes: PassOutcome[] = [];
  readonly lastOutcomes = new Map<number, PassOutcome>();
  /** How often the database was given a sign of life. */
  beats = 0;
  private clock: NodeJS.Timeout | undefined;

  private constructor(
    readonly name: string,
    readonly database: DataSource,
    readonly relay: Relay,
  ) {}

  /** @param url the database's, or that of a proxy before it */
  static async start(name: string, url: string, replaySlice = 500): Promise<RunningRelay> {
    const options = postgresOptions({ url, process: name, poolSize: 8, entities: outboxEntities });
    const database = await new DataSource(relaySession(options)).initialize();
    const running: RunningRelay = new RunningRelay(
      name,
      database,
      new Relay({
        database,
        lockUrl: url,
        applicationName: name,
        sliceSize: 100,
        replaySlice,
        publish: (shard, rows) => running.broker.publish(shard, rows),
        onOutcome: (shard, outcome) => {
          running.outcomes.push(outcome);
          running.lastOutcomes.set(shard, outcome);
        },
        onBeat: () => running.beats++,
      }),
    );
    running.goOn();
    return running;
  }

  get shards(): number {
    return this.relay.ownedShards.length;
  }

  goOn(): void {
    void this.relay.beat();
    this.clock = setInterval(() => void this.relay.beat(), 1_000);
  }

  /** As by SIGSTOP: nothing is said to the database any more, and every connection stays open. */
  hang(): void {
    clearInterval(this.clock);
  }

  async stop(): Promise<void> {
    this.hang();
    await this.relay.onModuleDestroy();
    await this.database.destroy();
  }
}
