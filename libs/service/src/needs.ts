import { RouteConfig } from '@nestjs/platform-fastify';
import type { Scope } from '@paid-once/contracts';

/** Who sends a request, as far as credentials tell. */
export interface Caller {
  /** Idempotency keys and payments are this one's. */
  client: string;
  scopes: ReadonlySet<Scope>;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Undefined where nothing is needed and no credential was sent. */
    caller?: Caller;
  }
  interface FastifyContextConfig {
    needs?: Scope | 'nothing';
    bodyLimit?: number;
  }
}

/**
 * What a caller needs for a route. A route that does not say needs `operate`: forgotten is closed.
 * @param options.bodyLimit as `BodyLimit`
 */
export const Needs = (
  needs: Scope | 'nothing',
  options: { bodyLimit?: number } = {},
): ReturnType<typeof RouteConfig> => RouteConfig({ needs, ...options });
