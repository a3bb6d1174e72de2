import type { FastifyInstance } from 'fastify';
import { FrameworkProblem } from './problem.js';

/** The largest request body, in bytes. */
export const maxBodyBytes = 16 * 1024;

/**
 * Reads JSON bodies strictly: real UTF-8, and numbers as they were written. A number becomes `WrittenNumber`, because
 * a float would quietly turn 9007199254740993 into …992 before anybody could refuse it.
 */
export function parseJsonBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, readJson(body as Buffer));
    } catch {
      done(
        new FrameworkProblem(400, 'malformed-json', 'The body is not JSON', 'Send one JSON object in UTF-8.'),
      );
    }
  });
}

/** A JSON number, as its text. */
export class WrittenNumber {
  constructor(readonly text: string) {}
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readJson(body: Buffer): unknown {
  return JSON.parse(strictUtf8.decode(body), ((_key: string, value: unknown, context: { source: string }) =>
    typeof value === 'number' ? new WrittenNumber(context.source) : value) as (
    key: string,
    value: unknown,
  ) => unknown);
}
