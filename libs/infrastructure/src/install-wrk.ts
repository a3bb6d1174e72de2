import { ensureInstalled, findProgram, installCommand } from './install-package.js';
import { runToEnd } from './run-to-end.js';

/**
 * Finds wrk, which sends HTTP requests for measurements, along the PATH, or installs the system's package.
 * @param say gets each line of progress
 * @returns its path
 * @throws Error with the command to run, when it may not or cannot be installed here
 */
export async function ensureWrk(
  say: (line: string) => void,
  install: 'auto' | 'never' = 'auto',
): Promise<string> {
  const { program } = await ensureInstalled(
    {
      software: 'wrk',
      debianPackage: 'wrk',
      takes: 'some seconds',
      find: findWrk,
      missing: (why) => new Error(`wrk was not found, ${why}. Install it: ${installCommand('wrk', 'wrk')}`),
    },
    say,
    install,
  );
  return program;
}

async function findWrk(): Promise<{ program: string; version: string } | undefined> {
  const program = await findProgram('wrk');
  if (!program) return undefined;
  // "wrk debian/4.1.0-3+b2 [epoll] Copyright …", and it exits 1
  const said = await runToEnd([program, '-v']).catch(String);
  return { program, version: /\/?(\d[\w.]*)/.exec(said)?.[1] ?? 'unknown' };
}
