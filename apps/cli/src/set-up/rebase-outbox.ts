import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { builtProgram } from '../checkout.js';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';

const done = z.record(z.string(), z.unknown());

/**
 * Runs payments' one-shot program that makes the outbox belong to the server it is on now.
 * @param say told each line of its progress
 * @returns what it has done, as it says it
 * @throws CliFailure with what it said last
 */
export async function rebaseOutbox(options: {
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  /** Also where nothing was restored. */
  force?: boolean;
  signal?: AbortSignal;
  /** Default: the built one. */
  program?: string;
}): Promise<z.infer<typeof done>> {
  const { env, say, force = false, signal, program = builtProgram('payments', 'rebase') } = options;
  const child = spawn(process.execPath, [program, ...(force ? ['--force'] : [])], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code));
  });
  let last = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    last = line.replace(/^rebase: /, '');
    say(line);
  });
  try {
    const [code, stdout] = await Promise.all([exited, text(child.stdout)]);
    signal?.throwIfAborted();
    if (code === 0) return done.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
    throw failed(code, last);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

const badSettings = 78;

function failed(code: number | null, reason: string): CliFailure {
  const isAway = /ECONN|ENOTFOUND|EAI_AGAIN|time-?out|terminated|cannot be reached/i.test(reason);
  const exitCode = code === badSettings ? exitCodes.usage : isAway ? exitCodes.unreachable : exitCodes.differ;
  return new CliFailure(
    exitCode,
    `The outbox was not rebased: ${reason || `the program ended with ${code}`}`,
    'Nothing is lost: payments go on being accepted, and wait in the outbox.',
    'If the relay still says that it needs it, set it right and run npx paid-once outbox rebase again: it is safe to repeat.',
  );
}
