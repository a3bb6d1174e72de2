import {
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { backOff } from './back-off.js';
import { pause } from './pause.js';
import { Waiting } from './waiting.js';

/**
 * Connects to the database when it is there, however late that is: a service starts before its dependencies,
 * says what it waits for, and never exits because one is away.
 */
export class DatabaseConnector
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly stopping = new AbortController();
  private readonly waiting: Waiting;
  private connecting: Promise<void> | undefined;

  /** @param check what must be true of the database before it is used; throws what is missing */
  constructor(
    private readonly database: DataSource,
    where: string,
    private readonly check: (database: DataSource) => Promise<void>,
  ) {
    this.waiting = new Waiting(new Logger('postgres'), `Postgres at ${where}`);
  }

  onApplicationBootstrap(): void {
    this.connecting = this.connect();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.connecting;
  }

  // In the last phase, after the HTTP side has answered what it had in hand: that needs the database.
  async onApplicationShutdown(): Promise<void> {
    if (this.database.isInitialized) await this.database.destroy().catch(() => {});
  }

  private async connect(): Promise<void> {
    for (const delayMs of backOff({ firstMs: 100, maxMs: 2_000 })) {
      if (this.stopping.signal.aborted) return;
      try {
        if (!this.database.isInitialized) await this.database.initialize();
        await this.check(this.database);
        return this.waiting.over();
      } catch (error) {
        this.waiting.because(error);
      }
      await pause(delayMs, this.stopping.signal);
    }
  }
}
