import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { controlSocket } from './control-socket.js';
import { processActions } from './process-info.js';
import type { ManagedProcess } from './managed-processes.js';
import { ProcessControl, ProcessRefusal } from './process-control.js';

/** The control of a running system's processes, see `serveControl`. */
export async function openControl(
  directory: string,
  processes: readonly ManagedProcess[],
  say: (line: string) => void,
): Promise<() => Promise<void>> {
  return serveControl(directory, new ProcessControl(processes, say));
}

/**
 * Opens a launcher's processes to the verbs of its checkout, over HTTP on a Unix socket in the state directory: no port,
 * so that no browser reaches it, and no other user.
 * GET /processes → all of them; POST /processes/NAME/kill|stop|cont|restart → the one.
 * @returns closes it
 */
export async function serveControl(directory: string, control: ProcessControl): Promise<() => Promise<void>> {
  const path = controlSocket(directory);
  const server = createServer((request, response) => {
    request.resume();
    const asked = `${request.method} ${request.url}`;
    answer(asked, control).then(
      (body) => send(response, 200, body),
      (error: unknown) => send(response, ...problemOf(error)),
    );
  });
  await rm(path, { force: true }); // of a launcher that was killed
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  return async () => {
    server.close();
    server.closeAllConnections();
    await control.close();
  };
}

async function answer(asked: string, control: ProcessControl): Promise<object> {
  if (asked === 'GET /processes') return control.list();
  const [, name, verb] = /^POST \/processes\/([^/?]+)\/([a-z]+)$/.exec(asked) ?? [];
  const action = processActions.find((candidate) => candidate === verb);
  if (name === undefined || action === undefined) throw new ProcessRefusal(404, `There is no ${asked}.`);
  return control.act(decoded(name), action);
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function problemOf(error: unknown): [status: number, problem: object] {
  const [status, detail] =
    error instanceof ProcessRefusal ? [error.status, error.message] : [500, String(error)];
  return [status, { type: 'about:blank', title: titles[status] ?? 'It broke off', status, detail }];
}

const titles: Record<number, string> = {
  404: 'There is no such process',
  409: 'Not as the process is now',
  503: 'It failed',
};

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': status === 200 ? 'application/json' : 'application/problem+json',
  });
  response.end(JSON.stringify(body));
}
