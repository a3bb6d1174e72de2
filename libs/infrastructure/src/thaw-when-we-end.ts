import { spawn } from 'node:child_process';
import { searchPath } from './search-path.js';

/**
 * Lets a frozen process go on when this one ends, also by kill -9: frozen, it could not see that its lifeline has ended.
 * @returns takes that back
 */
export function thawWhenWeEnd(pid: number): () => void {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -CONT "$1"', 'thaw', String(pid)], {
    env: { PATH: searchPath() },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C in the launcher's terminal is not for it
  });
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  return () => guard.kill('SIGKILL');
}
