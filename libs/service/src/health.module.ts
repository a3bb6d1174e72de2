import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import {
  healthControllers,
  healthProviders,
  READINESS_CHECKS,
  type ReadinessChecks,
} from './health.controller.js';

/** `GET /health/live` and `/health/ready` for a process. */
@Module({})
export class HealthModule {
  /**
   * @param drainMs how long a process that was told to stop (SIGTERM) still serves, in milliseconds; it is not ready from
   *   the beginning of that time, so that whoever sends it requests can notice before its port is closed
   */
  static forChecks(
    imports: DynamicModule['imports'],
    checks: Pick<FactoryProvider<ReadinessChecks>, 'inject' | 'useFactory'>,
    drainMs = 0,
  ): DynamicModule {
    return {
      module: HealthModule,
      imports: [
        TerminusModule.forRoot({ logger: false, gracefulShutdownTimeoutMs: drainMs }),
        ...(imports ?? []),
      ],
      controllers: healthControllers,
      providers: [...healthProviders, { provide: READINESS_CHECKS, ...checks }],
      exports: [READINESS_CHECKS],
    };
  }
}
