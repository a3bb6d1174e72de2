import type { FastifyInstance } from 'fastify';
import type { Scope } from '@paid-once/contracts';

interface Route {
  at: RegExp;
  /** As OpenAPI writes it: `/payments/{id}`. */
  path: string;
  methods: string[];
  needs: Scope | 'nothing';
}

/** The routes that an application has. */
export class Routes {
  private readonly routes: Route[] = [];

  /** Notes each as it is made: before any is. */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ url, method, config }) => {
      const steps = url.replace(/(.)\/$/, '$1').split('/');
      const pattern = steps
        .map((step) => (/^[:*]/.test(step) ? '[^/]+' : step.replace(/\W/g, '\\$&')))
        .join('/');
      this.routes.push({
        at: new RegExp(`^${pattern}/?$`),
        path: steps.map((step) => step.replace(/^:(.*)/, '{$1}')).join('/'),
        methods: [method].flat(),
        needs: config?.needs ?? 'operate',
      });
    });
  }

  /** The router answers a wrong method with 404, too. @returns the methods that some route takes there; none: there is no such path */
  methodsAt(path: string): string[] {
    const methods = this.routes.filter(({ at }) => at.test(path)).flatMap((route) => route.methods);
    return [...new Set(methods)].sort();
  }

  /** Each method and path, `GET /payments/{id}`, without those that answer to HEAD alone. */
  get all(): string[] {
    return this.routes.flatMap(({ methods, path }) =>
      methods.filter((method) => method !== 'HEAD').map((method) => `${method} ${path}`),
    );
  }

  /** @param path as OpenAPI writes it */
  needs(method: string, path: string): Scope | 'nothing' | undefined {
    const isIt = (route: Route) => route.path === path && route.methods.includes(method.toUpperCase());
    return this.routes.find(isIt)?.needs;
  }
}
