import rateLimit from '@fastify/rate-limit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Problem } from './problem.js';

/** This client sends more than it may: nothing was begun. */
export class RateLimited extends Problem {
  readonly type = '/problems/rate-limited';
  readonly status = 429;
  readonly title = 'Too many requests';
  override readonly headers: { 'retry-after': string };

  constructor(perSecond: number, waitMs: number) {
    super(
      `This client may send ${perSecond} requests a second here. Nothing was done; send it again a little later.`,
    );
    this.headers = { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) };
  }
}

/**
 * No client may take everybody else's turn: so many requests a second of each, at this process. Where no
 * credential is needed, callers are counted by address.
 */
export async function limitRate(app: NestFastifyApplication, perSecond: number): Promise<void> {
  await app.register(rateLimit, {
    max: perSecond,
    timeWindow: 1_000,
    addHeadersOnExceeding: {},
    addHeaders: {},
    keyGenerator: ({ caller, ip }) => caller?.client ?? ip,
    errorResponseBuilder: (_request, { ttl }) => new RateLimited(perSecond, ttl),
  });
}
