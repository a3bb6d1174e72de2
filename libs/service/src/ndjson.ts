import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/**
 * Answers with one JSON object a line, page by page: the next page is read when the client has taken this one, so
 * neither side ever holds more than a page. What fails after the first line ends the connection without the last
 * chunk: a client can tell a whole export from a torn one.
 */
export async function sendNdjson(reply: FastifyReply, pages: AsyncIterable<object[]>): Promise<void> {
  const iterator = pages[Symbol.asyncIterator]();
  const first = await iterator.next(); // what fails here is still answered as a problem
  await reply.type('application/x-ndjson').send(Readable.from(lines(first, iterator), { objectMode: false }));
}

async function* lines(
  first: IteratorResult<object[]>,
  iterator: AsyncIterator<object[]>,
): AsyncGenerator<string, void> {
  for (let page = first; !page.done; page = await iterator.next())
    if (page.value.length > 0) yield `${page.value.map((row) => JSON.stringify(row)).join('\n')}\n`;
}
