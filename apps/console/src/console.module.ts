import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, METRICS, MetricsController } from '@paid-once/service';
import { ActController } from './act.controller.js';
import { consoleMetrics } from './console-metrics.js';
import { Control } from './control.js';
import { EventsController } from './events.controller.js';
import { FromThisPage } from './from-this-page.js';
import { Happenings } from './happenings.js';
import { LookController } from './look.controller.js';
import { RunCounter } from './run-counter.js';
import { Runs } from './runs.js';
import { CONSOLE_SETTINGS, type ConsoleSettings } from './settings.js';
import { Watch } from './watch.js';

/** The control room: a page, and what it shows and does. It has no database, and is ready whatever else is. */
@Module({})
export class ConsoleModule {
  static with(settings: ConsoleSettings): DynamicModule {
    return {
      module: ConsoleModule,
      imports: [HealthModule.forChecks([], { inject: [], useFactory: () => ({}) })],
      controllers: [EventsController, LookController, ActController, MetricsController],
      providers: [
        { provide: CONSOLE_SETTINGS, useValue: settings },
        Control,
        FromThisPage,
        Happenings,
        RunCounter,
        Runs,
        Watch,
        { provide: METRICS, inject: [Watch], useFactory: consoleMetrics },
      ],
    };
  }
}
