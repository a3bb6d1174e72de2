import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/** For a route that takes a list: how many bytes its body may have, instead of what all others may. */
export const BodyLimit = (bytes: number): ReturnType<typeof RouteConfig> => RouteConfig({ bodyLimit: bytes });

/** Makes `BodyLimit` count. Before any route is made. */
export function obeyBodyLimits(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const config: { bodyLimit?: number } = route.config ?? {};
    if (config.bodyLimit !== undefined) route.bodyLimit = config.bodyLimit;
  });
}
