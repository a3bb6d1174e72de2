import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { about, lifeOf, measured, scripted, sought, stateNames, type StateName } from './scripted-states.ts';

/**
 * Serves the built page and the console's API from scripted states, so that the page can be worked on, photographed and tested
 * without the system behind it. The state is chosen by `/?state=cut` and kept in a cookie, so that two tabs do not disturb each other.
 */
export function startFakeBackend(port: number): Promise<Server> {
  const server = createServer((request, response) => void answer(request, response));
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

const built = join(import.meta.dirname, '../../../../dist/apps/console/web');
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
// As the console sends it: what it forbids must show here, not at the first teacher's.
const policy = "default-src 'self'; style-src 'self'; script-src 'self'";

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const state = stateOf(url, request);
  if (request.method === 'POST') return act(request, response);
  if (url.pathname === '/api/events') return tell(state, request, response);
  if (state === 'waiting' && url.pathname === '/api/compare') return json(response, 503, cannotCompare);
  if (url.pathname.startsWith('/api/')) return json(response, 200, read(state, url));
  await file(url, state, response);
}

const cannotCompare = {
  title: 'The ledgers cannot be compared',
  detail: 'ledger-db:5434 refuses connections.',
  money: 'Nothing is lost by that: what was accepted waits in the outbox.',
  next: 'It is compared again as soon as something moves.',
};

function stateOf(url: URL, request: IncomingMessage): StateName {
  const asked = url.searchParams.get('state') ?? /state=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
  return stateNames.find((name) => name === asked) ?? 'healthy';
}

/** When the page that shows a state was opened last: what is compared and what is streamed must be of the same second. */
const opened = new Map<StateName, number>();

function secondsOpen(state: StateName): number {
  return (Date.now() - (opened.get(state) ?? Date.now())) / 1_000;
}

function read(state: StateName, url: URL): unknown {
  const now = scripted(state, secondsOpen(state));
  if (url.pathname === '/api/points')
    return Array.from({ length: 300 }, (_, index) => scripted(state, index - 300).point);
  if (url.pathname === '/api/dead') return now.dead;
  if (url.pathname === '/api/measured') return measured;
  if (url.pathname === '/api/runs') return now.runs;
  if (url.pathname === '/api/about') return about;
  if (url.pathname.startsWith('/api/payments/')) return lifeOf(decodeURIComponent(url.pathname.slice(14)));
  return sought(now.compare, url.searchParams.get('class'), url.searchParams.get('find') ?? '');
}

function tell(state: StateName, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  opened.set(state, Date.now());
  const event = (name: string, data: object) =>
    response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  for (const one of scripted(state, 0).happened) event('happened', one);
  let ticks = 0;
  const tick = () => {
    if (state === 'silent' && ticks > 16) return;
    const now = scripted(state, secondsOpen(state));
    event('snapshot', now.snapshot);
    if (ticks++ % 4 === 0) event('point', now.point);
  };
  tick();
  const timer = setInterval(tick, 250);
  request.on('close', () => clearInterval(timer));
}

/** Nothing is done, except that one request is refused: the page has to show that, too. */
function act(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (request.headers['x-paid-once-console'] !== about.token)
    return json(response, 403, { title: 'Forbidden' });
  if (request.url !== '/api/runs/stop') return json(response, 200, { says: `Did ${request.url}.` });
  json(response, 409, {
    title: 'The run cannot be stopped',
    detail: 'Its last request has no answer yet: 1 payment of EUR 25.00.',
    money:
      'Whether that payment was made is not known yet. Its key is in the journal, so repeating it cannot pay twice.',
    next: 'Wait for the answer, at most 30 s.',
  });
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, {
    'content-type': status < 400 ? 'application/json' : 'application/problem+json',
  });
  response.end(JSON.stringify(body));
}

async function file(url: URL, state: StateName, response: ServerResponse): Promise<void> {
  const name = url.pathname === '/' ? 'index.html' : normalize(url.pathname);
  const content = await readFile(join(built, name)).catch(() => undefined);
  response.writeHead(content === undefined ? 404 : 200, {
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'content-security-policy': policy,
    ...(url.searchParams.has('state') ? { 'set-cookie': `state=${state}; SameSite=Strict` } : {}),
  });
  response.end(content);
}

if (import.meta.main) {
  const port = 8_899;
  await startFakeBackend(port);
  console.log(`http://localhost:${port}/?state=${stateNames.join('|')}`);
}
