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
  static forChecks(
    imports: DynamicModule['imports'],
    checks: Pick<FactoryProvider<ReadinessChecks>, 'inject' | 'useFactory'>,
  ): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), ...(imports ?? [])],
      controllers: healthControllers,
      providers: [...healthProviders, { provide: READINESS_CHECKS, ...checks }],
    };
  }
}
