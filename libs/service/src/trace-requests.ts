import type { Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { beginRequestSpan, endRequestSpan, isTracing, traceparentOf } from './tracing.js';

const spans = new WeakMap<FastifyRequest, Span>();

/** A span for each request that may change something; those that only look come by the thousand and are nobody's payment. */
export function traceRequests(fastify: FastifyInstance): void {
  if (!isTracing()) return;
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, routeOptions, headers } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      const given = headers['traceparent'];
      const span = beginRequestSpan(
        method,
        routeOptions.url ?? 'nowhere',
        typeof given === 'string' ? given : undefined,
      );
      spans.set(request, span);
    }
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const span = spans.get(request);
    if (span) endRequestSpan(span, reply.statusCode);
    done();
  });
}

/** What a line of the log about a request carries beside its text; its client has the id, too, in the answer's X-Request-Id. */
export function aboutRequest(request: FastifyRequest): object {
  return { requestId: request.id, traceId: spans.get(request)?.spanContext().traceId };
}

/** What tells others that they work for this request; undefined while nothing is traced. */
export function traceparentFor(request: FastifyRequest): string | undefined {
  const span = spans.get(request);
  return span && traceparentOf(span.spanContext());
}
