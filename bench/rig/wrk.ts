import { ensureWrk } from '@paid-once/infrastructure';
import { spawn } from 'node:child_process';
import { inCheckout } from './program.js';
import { say } from './say.js';

export interface Load {
  requests: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

/**
 * Posts new payments to `url`, as fast as they are answered, over so many connections.
 * @throws Error some were not answered, or with a failure
 */
export async function postPayments(
  url: string,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Load> {
  const wrk = await ensureWrk(say);
  const script = inCheckout('bench/api/payments.lua');
  const child = spawn(
    wrk,
    ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--timeout', '10s', '-s', script, url],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  const result = said.split('\n').find((line) => line.startsWith('{'));
  if (result === undefined) throw new Error(`wrk measured nothing. It said:\n${said}`);
  const { failed, ...load } = JSON.parse(result) as Load & { failed: number };
  if (failed > 0) throw new Error(`${failed} of ${load.requests} requests failed at ${url}`);
  return load;
}
