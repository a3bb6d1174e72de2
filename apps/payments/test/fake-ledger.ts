import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A ledger that answers lab calls as it is told, keeps them, and has posted nothing. */
export async function startFakeLedger() {
  const calls: string[] = [];
  const answers: Record<string, number> = { '/lab/chapter': 200, '/lab/reset': 204 };
  /** Calls with these bodies take effect only after so many milliseconds. */
  const slow: Record<string, number> = {};
  const nothing: Record<string, string> = {
    '/digests': '',
    '/stations': '[]',
    '/export': '',
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const path = request.url?.split('?')[0] ?? '';
      if (path in nothing) return response.end(nothing[path]);
      setTimeout(() => {
        calls.push(`${request.method} ${path} ${body}`);
        response.writeHead(answers[path] ?? 404).end();
      }, slow[body] ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answers,
    slow,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
