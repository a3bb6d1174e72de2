import { Module, type DynamicModule } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { onOwnConnection, type Queryable } from './own-connection.js';
import { RetentionSchedule, type RetentionRun } from './retention-schedule.js';

/** Longer than a portion could take on a busy machine; the server gives up first. */
const statementTimeoutMs = 30_000;

/** A service's retention, as a database role of its own: the service's role can delete nothing. */
@Module({})
export class RetentionModule {
  /**
   * @param options.url      as that role; undefined: nothing is ever removed
   * @param options.variable where the URL comes from, for people
   * @param options.session  server settings that the runs need
   */
  static with<Removed extends Record<string, number>>(options: {
    url: string | undefined;
    variable: string;
    everySeconds: number;
    process: string;
    session: string;
    run: (db: Queryable, signal: AbortSignal) => Promise<RetentionRun<Removed> | undefined>;
  }): DynamicModule {
    const { url = '', process, session, everySeconds } = options;
    const run = (signal: AbortSignal) =>
      onOwnConnection({ url, process, session, timeoutMs: statementTimeoutMs }, (db) =>
        options.run(db, signal),
      );
    return {
      module: RetentionModule,
      providers: [
        {
          provide: RetentionSchedule,
          inject: [SchedulerRegistry],
          useFactory: (scheduler: SchedulerRegistry) =>
            new RetentionSchedule(scheduler, { everySeconds, off: offBecause(options), run }),
        },
      ],
      exports: [RetentionSchedule],
    };
  }
}

function offBecause(options: { url: string | undefined; variable: string; everySeconds: number }) {
  if (options.everySeconds === 0) return 'PAID_ONCE_RETENTION_EVERY_SECONDS is 0';
  return options.url === undefined ? `${options.variable} is not set` : undefined;
}
