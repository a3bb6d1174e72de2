import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

export interface SeenRequest {
  path: string;
  key: string | undefined;
  headers: IncomingMessage['headers'];
  body: { src: string; dest: string; amount: string; currency?: string; reference?: string };
  atMs: number;
}

/** How a request is answered: a status, a status with headers and body, or what a bad network does. */
export type Step =
  | number
  | { status: number; headers?: Record<string, string>; body?: string }
  | 'reset' // the request arrived, its answer did not
  | 'cut' // half an answer
  | 'silence'
  | Promise<number>;

/** A server that follows a script: what the network and the payments service can do to a payer. */
export async function startServer(script: (request: SeenRequest, attempt: number) => Step) {
  const requests: SeenRequest[] = [];
  const attempts = new Map<string, number>();
  const connections = new Set<unknown>();
  const server = createServer((request, response) => void answer(request, response));
  server.on('connection', (socket) => connections.add(socket));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: SeenRequest['body'] = JSON.parse(await text(request));
    const key = request.headers['idempotency-key'];
    const seen = {
      path: request.url ?? '',
      key: Array.isArray(key) ? key[0] : key,
      headers: request.headers,
      body,
      atMs: performance.now(),
    };
    requests.push(seen);
    const attempt = (attempts.get(body.reference ?? '') ?? 0) + 1;
    attempts.set(body.reference ?? '', attempt);
    const step = await script(seen, attempt);
    if (step === 'silence') return;
    if (step === 'reset') return void request.socket.resetAndDestroy();
    if (step === 'cut') {
      response.writeHead(201, { 'content-length': '100' });
      response.write('{', () => request.socket.destroy());
      return;
    }
    const { status, headers = {}, body: payload = '{}' } = typeof step === 'number' ? { status: step } : step;
    response.writeHead(status, headers).end(payload);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Bug: a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    /** How many TCP connections were ever made. */
    connections: () => connections.size,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
