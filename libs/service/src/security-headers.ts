import type { FastifyInstance } from 'fastify';

const answers = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store', // who paid whom is for nobody's cache
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};
/** The pages of /docs load their own scripts and styles. */
const pages = { 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' };

/** What keeps a browser from making more of an answer than it is. CORS stays off: no page of others may read one. */
export function hardenAnswers(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(request.url.startsWith('/docs') ? pages : answers);
    done();
  });
}
