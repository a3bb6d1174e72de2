import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Milliseconds without a line after which a blank one says that the work goes on. */
const quietMs = 3_000;

/** How OpenAPI describes what `sendNdjson` answers; the schema is that of one line. */
export const ndjson = {
  contentType: 'application/x-ndjson',
  description: 'One JSON object a line; a blank line says that the work goes on. Torn off: it is not whole.',
};

/**
 * Answers with one JSON object a line, page by page: the next page is read when the client has taken this one, so
 * neither side ever holds more than a page; when the client has gone away, no further page is read. What fails after
 * the first line ends the connection without the last chunk: a client can tell a whole export from a torn one.
 * Where pages bring no line for seconds, a blank line is sent: clients give up on silence.
 */
export async function sendNdjson(reply: FastifyReply, pages: AsyncIterable<object[]>): Promise<void> {
  const iterator = whileListening(reply, pages)[Symbol.asyncIterator]();
  const first = await iterator.next(); // what fails here is still answered as a problem
  await reply.type(ndjson.contentType).send(Readable.from(lines(first, iterator), { objectMode: false }));
}

/** The same pages, until nobody is left who would read the answer. */
export async function* whileListening<Page>(
  reply: FastifyReply,
  pages: AsyncIterable<Page>,
): AsyncGenerator<Page, void> {
  for await (const page of pages) {
    if (reply.raw.destroyed) return;
    yield page;
  }
}

async function* lines(
  first: IteratorResult<object[]>,
  iterator: AsyncIterator<object[]>,
): AsyncGenerator<string, void> {
  let saidAt = performance.now();
  try {
    for (let page = first; !page.done; page = await iterator.next()) {
      const quiet = page.value.length === 0;
      if (quiet && performance.now() - saidAt < quietMs) continue;
      yield quiet ? '\n' : `${page.value.map((row) => JSON.stringify(row)).join('\n')}\n`;
      saidAt = performance.now();
    }
  } finally {
    await iterator.return?.();
  }
}
