import { runCli } from './program.js';

/** @param argv as `process.argv` @returns the exit code */
export function main(argv: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no failure, and what is under way is finished all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  return runCli(argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
}
