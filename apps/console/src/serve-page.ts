import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { FrameworkProblem } from '@paid-once/service';
import type { FastifyInstance } from 'fastify';
import { checkout } from '../../cli/src/checkout.js';

/** Nothing that the page shows or does comes from anywhere but here. */
const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
const aYear = 'public, max-age=31536000, immutable';

/** The built page, and uploads of payments files. */
export async function servePage(fastify: FastifyInstance): Promise<void> {
  fastify.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  await fastify.register(fastifyStatic, {
    root: join(checkout, 'dist/apps/console/web'),
    index: 'index.html',
    cacheControl: false,
    setHeaders: (reply, path) => {
      for (const [name, value] of Object.entries(pageHeaders)) reply.header(name, value);
      // The names of the built files change with what is in them.
      reply.header('cache-control', path.includes('/assets/') ? aYear : 'no-cache');
    },
  });
}

const itself = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/**
 * A name that somebody else's DNS makes point here would make this page his. Probes ask by whatever name they have, and learn
 * nothing.
 * @param hosts further names, as in a URL
 */
export function refuseOtherHosts(fastify: FastifyInstance, hosts: readonly string[]): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { host = '' } = request.headers;
    const isOurs =
      request.url.startsWith('/health/') || itself.test(host) || hosts.includes(host.replace(/:\d+$/, ''));
    done(
      isOurs
        ? undefined
        : new FrameworkProblem(
            421,
            'wrong-host',
            'This console is not served under that name',
            'Open it as http://localhost, or name the host in PAID_ONCE_CONSOLE_HOSTS.',
          ),
    );
  });
}
