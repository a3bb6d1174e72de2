import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { surveyJson } from './json-survey.js';
import { FrameworkProblem, Problem } from './problem.js';

/** The largest request body, in bytes. */
export const maxBodyBytes = 16 * 1024;

/**
 * Reads JSON bodies strictly: real UTF-8, no key twice, of bounded depth, and numbers as they were written. A number becomes
 * `WrittenNumber`, because a float would quietly turn 9007199254740993 into …992 before anybody could refuse it.
 */
export function parseJsonBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, ({ headers }, body, done) => {
    try {
      if (!isPlainUtf8(headers)) throw unsupported();
      done(null, readJson(body as Buffer));
    } catch (error) {
      done(error instanceof Problem ? error : malformed());
    }
  });
}

/** What is compressed would have to be unpacked before its size is known, and what is not UTF-8 be guessed at. */
function isPlainUtf8(headers: IncomingHttpHeaders): boolean {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = headers;
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1] ?? 'utf-8';
  return encoding === 'identity' && /^utf-?8$/i.test(charset);
}

/** A JSON number, as its text. */
export class WrittenNumber {
  constructor(readonly text: string) {}
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws Problem */
function readJson(body: Buffer): unknown {
  const text = strictUtf8.decode(body);
  const value: unknown = JSON.parse(text);
  const { hasDuplicateKey, isTooComplex, hasLoneSurrogate, hasNumbers } = surveyJson(text);
  if (hasLoneSurrogate) throw malformed();
  if (hasDuplicateKey) throw duplicateKey();
  if (isTooComplex) throw tooComplex();
  return hasNumbers ? (JSON.parse(text, numbersAsWritten) as unknown) : value;
}

function numbersAsWritten(_key: string, value: unknown, context?: { source: string }): unknown {
  return typeof value === 'number' ? new WrittenNumber(context?.source ?? '') : value;
}

const duplicateKey = () =>
  new FrameworkProblem(
    400,
    'duplicate-key',
    'A key stands twice in an object',
    'Which of its values is meant cannot be told. Send each key once; nothing was done.',
  );

const tooComplex = () =>
  new FrameworkProblem(
    400,
    'too-complex',
    'The body is nested too deeply or has too many keys',
    'An object may have 32 keys, and the body 8 levels. Nothing was done.',
  );

const unsupported = () =>
  new FrameworkProblem(
    415,
    'unsupported-media-type',
    'The body must be plain application/json',
    'Send JSON in UTF-8, neither compressed nor in another character set. Nothing was done.',
  );

const malformed = () =>
  new FrameworkProblem(400, 'malformed-json', 'The body is not JSON', 'Send one JSON object in UTF-8.');

/** Why a body may be refused before anybody looks at what is in it. */
export const bodyProblems = () => [malformed(), duplicateKey(), tooComplex(), unsupported()];
