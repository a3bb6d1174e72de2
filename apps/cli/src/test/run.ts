import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { runCli } from '../program.js';

/** Runs a command line and keeps what it printed. */
export async function run(args: string, env: NodeJS.ProcessEnv = {}) {
  const printed = { stdout: '', stderr: '' };
  const keep = (stream: keyof typeof printed) => ({
    write(text: string | Uint8Array) {
      printed[stream] += String(text);
      return true;
    },
  });
  const exitCode = await runCli(args.split(' ').filter(Boolean), {
    stdout: keep('stdout'),
    stderr: keep('stderr'),
    env: { ...nowhere, ...env },
    checkout: tmpdir(), // not ours: somebody's system may run from it
  });
  return { exitCode, ...printed };
}

/** Port 9 is discard's: nobody listens there. */
const nobody = 'http://127.0.0.1:9';
const nowhere = {
  PAID_ONCE_PAYMENTS_URL: nobody,
  PAID_ONCE_LEDGER_URL: nobody,
  PAID_ONCE_RELAY_URL: nobody,
  PAID_ONCE_LINK_URL: nobody,
  PAID_ONCE_TOXIPROXY_URL: nobody,
};

export interface FakeService {
  url: string;
  /** Requests as "METHOD /path?query", with their bodies. */
  requests: { line: string; body: string }[];
  stop(): Promise<void>;
}

/** A body, or a status without one, or a function that gives one of them for a request. */
export type FakeAnswer = object | number | ((request: { line: string; body: string }) => object | number);

type Scripted = Extract<FakeAnswer, (...request: never[]) => unknown>;

/** A service that answers each path with what is given for it. */
export async function fakeService(answers: Record<string, FakeAnswer>): Promise<FakeService> {
  const requests: FakeService['requests'] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const path = new URL(request.url ?? '/', nobody).pathname;
      const asked = { line: `${request.method} ${request.url}`, body };
      requests.push(asked);
      const given = answers[path] ?? 404;
      const answer: object | number = typeof given === 'function' ? (given as Scripted)(asked) : given;
      if (typeof answer === 'number') response.writeHead(answer).end();
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
