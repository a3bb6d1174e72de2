import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { OnLine } from './server.js';
import { searchPath } from './search-path.js';
import type { SystemUser } from './unprivileged.js';

/**
 * Runs a program to its end.
 * @returns what it wrote to stdout
 * @throws Error with its last lines, when it fails
 */
export async function runToEnd(
  command: string[],
  options: { cwd?: string; env?: Record<string, string>; user?: SystemUser; onLine?: OnLine } = {},
): Promise<string> {
  const { cwd, env, user, onLine } = options;
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    ...user,
    cwd,
    env: { PATH: searchPath(), LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, tail]: [string[], string[]] = [[], []];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (stream === child.stdout) output.push(line);
      tail.push(line);
      onLine?.(line);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${program} cannot be run: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output.join('\n'));
      else reject(new Error(`${program} ended with ${code ?? signal}:\n${tail.slice(-15).join('\n')}`));
    });
  });
}
