import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError, badBody } from './api-error.js';
import { goJson } from './go-json.js';
import type { Proxies } from './proxies.js';

/** The Toxiproxy release whose API this is. */
export const apiVersion = '2.12.0';

/** Room for thousands of proxies; the original has no bound. */
const maxBodyBytes = 1_048_576;

interface Answer {
  status: number;
  body: string;
  contentType?: string;
}

type Handler = (names: string[], body: string) => Answer | Promise<Answer>;

/** Toxiproxy's HTTP API over these proxies; it does not listen yet. */
export function createApi(proxies: Proxies): Server {
  const routes = routesTo(proxies);
  const server = createServer((request, response) => {
    void answerTo(request, routes).then(
      (answer) => send(response, answer),
      (error: unknown) => send(response, plain(500, `${String(error)}\n`)),
    );
  });
  server.requestTimeout = 15_000;
  server.keepAliveTimeout = 60_000;
  return server;
}

async function answerTo(request: IncomingMessage, routes: readonly Route[]): Promise<Answer> {
  const names = pathOf(request.url ?? '/');
  const matching = routes.filter(({ path }) => fits(path, names));
  if (matching.length === 0) return plain(404, '404 page not found\n');
  const handler = matching.find(({ verbs }) => verbs.includes(request.method ?? ''))?.handler;
  if (!handler) return { status: 405, body: '' };
  // Pages in a browser could otherwise cut links with a form. It keeps nobody out who wants in.
  if (request.headers['user-agent']?.startsWith('Mozilla/')) return plain(403, 'User agent not allowed\n');
  try {
    return await handler(names, await bodyOf(request));
  } catch (error) {
    if (error instanceof ApiError) return refusal(error);
    throw error;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw badBody('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface Route {
  verbs: readonly string[];
  /** `*` stands for a name. */
  path: readonly string[];
  handler: Handler;
}

function routesTo(proxies: Proxies): Route[] {
  const route = (verbs: string, path: string, handler: Handler): Route => ({
    verbs: verbs.split(' '),
    path: path.slice(1).split('/'),
    handler,
  });
  const proxy = (names: string[]) => proxies.get(names[1] ?? '');
  const done: Answer = { status: 204, body: '' };
  return [
    route('GET', '/version', () => ({
      status: 200,
      body: `{"version": "${apiVersion}"}\n`,
      contentType: 'application/json;charset=utf-8',
    })),
    route('GET', '/proxies', () => json(200, proxies)),
    route('POST', '/proxies', async (_, body) => json(201, await proxies.create(body))),
    route('GET', '/proxies/*', (names) => json(200, proxy(names))),
    route('PATCH POST', '/proxies/*', async ([, name = ''], body) =>
      json(200, await proxies.update(name, body)),
    ),
    route('DELETE', '/proxies/*', async ([, name = '']) => {
      await proxies.remove(name);
      return done;
    }),
    route('GET', '/proxies/*/toxics', (names) => json(200, proxy(names).toxics)),
    route('POST', '/proxies/*/toxics', (names, body) => json(200, proxy(names).addToxic(body))),
    route('GET', '/proxies/*/toxics/*', (names) => json(200, proxy(names).toxic(names[3] ?? ''))),
    route('PATCH POST', '/proxies/*/toxics/*', (names, body) =>
      json(200, proxy(names).updateToxic(names[3] ?? '', body)),
    ),
    route('DELETE', '/proxies/*/toxics/*', (names) => {
      proxy(names).removeToxic(names[3] ?? '');
      return done;
    }),
    route('POST', '/populate', async (_, body) => {
      const { proxies: populated, refusal: refused } = await proxies.populate(body);
      const list = populated.length > 0 ? populated : null; // Go's empty slice
      if (!refused) return json(201, { proxies: list });
      return json(refused.status, { error: refused.message, status: refused.status, proxies: list });
    }),
    route('POST', '/reset', async () => {
      await proxies.reset();
      return done;
    }),
  ];
}

/** The decoded path's parts; none for a path that is no valid encoding. */
function pathOf(url: string): string[] {
  try {
    return decodeURIComponent(url.replace(/[?#].*$/, ''))
      .slice(1)
      .split('/');
  } catch {
    return [];
  }
}

function fits(path: readonly string[], names: readonly string[]): boolean {
  return (
    path.length === names.length &&
    path.every((part, index) => (part === '*' ? names[index] !== '' : part === names[index]))
  );
}

function json(status: number, value: unknown): Answer {
  return { status, body: goJson(value), contentType: 'application/json' };
}

/** JSON, sent as plain text: Go's `http.Error` overwrites the type, and clients have come to know it so. */
function refusal({ status, message }: ApiError): Answer {
  return plain(status, `${goJson({ error: message, status })}\n`);
}

function plain(status: number, body: string): Answer {
  return { status, body, contentType: 'text/plain; charset=utf-8' };
}

function send(response: ServerResponse, { status, body, contentType }: Answer): void {
  response.statusCode = status;
  response.setHeader('X-Toxiproxy-Request-Id', randomBytes(10).toString('hex'));
  if (contentType !== undefined) response.setHeader('Content-Type', contentType);
  if (contentType?.startsWith('text/plain')) response.setHeader('X-Content-Type-Options', 'nosniff');
  if (status !== 204) response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(body);
}
