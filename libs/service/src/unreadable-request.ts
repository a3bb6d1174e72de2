import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { problemForStatus } from './problem.filter.js';

const statuses: Record<string, number> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/**
 * What node:http cannot read as a request never gets as far as a route: an answer like all others, and the connection is
 * closed, for where the next request begins is not known.
 * @see https://nodejs.org/api/http.html#event-clienterror
 */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  const problem = problemForStatus(statuses[error.code ?? ''] ?? 400, 'Nothing was done.');
  const body = JSON.stringify(problem.document('/'));
  if (error.code !== 'ECONNRESET' && socket.writable)
    socket.write(
      `HTTP/1.1 ${problem.status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  socket.destroy(error);
}

/** As above for what the router cannot read: a bad escape, a part of the path that is longer than any id. */
export function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemForStatus(error.statusCode ?? 400, `${error.message}. Nothing was done.`);
  const [path = '/'] = request.url.split('?');
  void reply
    .status(problem.status)
    .headers({ 'content-type': 'application/problem+json', 'x-request-id': request.id })
    .send(JSON.stringify(problem.document(path.slice(0, 200))));
}
