import {
  Catch,
  HttpException,
  Logger,
  ServiceUnavailableException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOfDatabase } from './database-problem.js';
import { FrameworkProblem, MethodNotAllowed, Problem } from './problem.js';
import type { Routes } from './routes.js';
import { aboutRequest } from './trace-requests.js';

/** Every error leaves as application/problem+json; what was not meant for clients leaves as a bare 500. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  constructor(private readonly routes: Routes) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    // How terminus says "not ready": its report names what is missing.
    if (error instanceof ServiceUnavailableException) return void reply.status(503).send(error.getResponse());
    const path = request.url.split('?')[0] ?? '/';
    const problem = this.problemOf(error, request, path);
    void reply
      .status(problem.status)
      .headers({ ...problem.headers, 'content-type': 'application/problem+json', 'x-request-id': request.id })
      .send(JSON.stringify(problem.document(path)));
  }

  private problemOf(error: unknown, request: FastifyRequest, path: string): Problem {
    if (error instanceof Problem) return error;
    const ofDatabase = problemOfDatabase(error);
    if (ofDatabase) return ofDatabase;
    const status = statusOf(error);
    const allowed = status === 404 ? this.routes.methodsAt(path) : [];
    if (allowed.length > 0 && !allowed.includes(request.method)) return new MethodNotAllowed(allowed);
    if (status !== undefined && status < 500) return problemForStatus(status, messageOf(error));
    this.logger.error(error instanceof Error ? (error.stack ?? error.message) : error, aboutRequest(request));
    return internalError();
  }
}

export const internalError = () =>
  new FrameworkProblem(
    500,
    'internal-error',
    'Something went wrong here',
    'What happened is in the log of this service. Whether anything was written is not known: repeat the request with the same idempotency key.',
  );

const byStatus: Record<number, [slug: string, title: string]> = {
  400: ['bad-request', 'The request cannot be read'],
  404: ['not-found', 'There is nothing here'],
  408: ['request-timeout', 'The request did not arrive in time'],
  413: ['body-too-large', 'The body is too large'],
  414: ['url-too-long', 'The URL is too long'],
  415: ['unsupported-media-type', 'The body must be application/json'],
  431: ['headers-too-large', 'The headers are too large'],
};

export function problemForStatus(status: number, detail: string): Problem {
  const [slug, title] = byStatus[status] ?? ['bad-request', 'The request was refused'];
  return new FrameworkProblem(status, slug, title, detail);
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'The request was refused.';
}
