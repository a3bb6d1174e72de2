import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { controlSocket } from './control-socket.js';
import type { ProcessAction } from './process-info.js';

/** No launcher of the checkout answers. */
export class NoLauncher extends Error {
  override readonly name = 'NoLauncher';
}

/** The launcher answered no. */
export class LauncherRefused extends Error {
  override readonly name = 'LauncherRefused';

  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/**
 * Asks a checkout's running `npm start`.
 * @throws NoLauncher saying what is so
 * @throws LauncherRefused
 */
export async function askLauncher<Schema extends z.ZodType>(
  { checkout, signal }: { checkout: string; signal: AbortSignal },
  path: '/processes' | `/processes/${string}/${ProcessAction}`,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const { stateDirectoryOf } = await import('@paid-once/infrastructure');
  const directory = await stateDirectoryOf(checkout);
  const answer = await send(controlSocket(directory), path, signal).catch(async (error: unknown) => {
    signal.throwIfAborted();
    throw new NoLauncher(await whyNot(directory, error));
  });
  const body: unknown = JSON.parse(answer.text);
  if (answer.status === 200) return schema.parse(body);
  throw new LauncherRefused(answer.status, problem.parse(body).detail);
}

const problem = z.object({ detail: z.string() });

/** fetch knows no Unix sockets. */
async function send(
  socketPath: string,
  path: string,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const method = path === '/processes' ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    httpRequest({ socketPath, path, method, signal, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, text: body }), reject);
    })
      .on('error', reject)
      .end();
  });
}

async function whyNot(directory: string, error: unknown): Promise<string> {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (code === 'EACCES') return `The npm start of this checkout belongs to another user (${directory}).`;
  const { runningStart } = await import('./state.js');
  const pid = await runningStart(directory);
  if (pid === undefined) return 'Nothing was started from this checkout by npm start.';
  if (code === 'ECONNRESET') return `npm start (process ${pid}) was ended while it was asked.`;
  return `npm start (process ${pid}) is not ready yet, or is stopping: wait for its line "Ready".`;
}
