import { Controller, Get, Inject, Injectable, Req, ServiceUnavailableException } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import type { FastifyRequest } from 'fastify';
import { Answers, type ExamplesOf } from './api-answers.js';
import { Needs } from './needs.js';
import { DatabaseUnavailable } from './transaction.js';
import { reasonOf } from './waiting.js';

/** What must work before this process is ready, by name; a check throws what is wrong. */
export interface ReadinessChecks {
  [name: string]: () => Promise<void>;
}
export const READINESS_CHECKS = Symbol('readiness checks');

@Injectable()
class Indicator {
  constructor(private readonly indicators: HealthIndicatorService) {}

  async check(name: string, check: () => Promise<void>) {
    const indicator = this.indicators.check(name);
    try {
      await check();
      return indicator.up();
    } catch (error) {
      return indicator.down(whyNot(error));
    }
  }
}

/** What terminus says when these are up, and these not, and why. */
function checked(ups: string[], downs: Record<string, string> = {}) {
  const info = Object.fromEntries(ups.map((name) => [name, { status: 'up' as const }]));
  const error = Object.fromEntries(
    Object.entries(downs).map(([name, message]) => [name, { status: 'down' as const, message }]),
  );
  const isUp = Object.keys(error).length === 0;
  return { status: isUp ? ('ok' as const) : ('error' as const), info, error, details: { ...info, ...error } };
}

const ready = {
  everybody: { status: 'ok' },
  operator: checked(['database']),
  'operator of a relay': checked(['database', 'broker', 'shards', 'publishing']),
} satisfies ExamplesOf<HealthController, 'ready'>;

const notReady = {
  everybody: { status: 'error' },
  operator: checked([], { database: 'the database cannot be reached: connect ECONNREFUSED 127.0.0.1:5432' }),
  'operator of a relay': checked(['database'], {
    broker: 'connect ECONNREFUSED 127.0.0.1:5672',
    shards: 'has not looked for shards yet',
    publishing: 'shard 0 is not published: nacked',
  }),
  stopping: { ...checked(['database', 'broker', 'shards', 'publishing']), status: 'shutting_down' },
} satisfies Record<string, Partial<HealthCheckResult>>;

@ApiTags('health')
@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: Indicator,
    @Inject(READINESS_CHECKS) private readonly checks: ReadinessChecks,
  ) {}

  /** Whether this process runs at all: it answers while everything it depends on is away. */
  @Get('live')
  @Needs('nothing')
  @Answers({ running: { status: 'ok' } }, { description: 'The process runs' })
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /**
   * Whether this process can do its work now: 503 names what is missing, or says that it was told to stop. What it is made
   * of is for those alone who operate it.
   */
  @Get('ready')
  @Needs('nothing')
  @Answers(ready, { description: 'Everything this process needs is there' })
  @Answers(notReady, {
    status: 503,
    description: 'Something is missing: `error` names it; or `status` is `shutting_down`',
  })
  async ready(@Req() { caller }: FastifyRequest): Promise<HealthCheckResult | { status: 'ok' }> {
    const checked = this.health.check(
      Object.entries(this.checks).map(
        ([name, check]) =>
          () =>
            this.indicator.check(name, check),
      ),
    );
    if (caller?.scopes.has('operate')) return checked;
    return checked.then(
      () => ({ status: 'ok' }),
      (error: unknown) => {
        throw error instanceof ServiceUnavailableException
          ? new ServiceUnavailableException({ status: 'error' })
          : error;
      },
    );
  }
}

export const healthControllers = [HealthController];
export const healthProviders = [Indicator];

// Away, or there and refusing our password: whoever looks after this process must be able to tell.
function whyNot(error: unknown): string {
  const away = error instanceof DatabaseUnavailable;
  return away ? `${error.message}: ${reasonOf(error.cause)}` : reasonOf(error);
}
