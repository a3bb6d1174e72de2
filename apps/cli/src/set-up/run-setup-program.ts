import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { builtProgram } from '../checkout.js';
import { CliFailure } from '../failure.js';
import { exitCodes } from '../exit-codes.js';

/**
 * Runs an app's one-shot setup.
 * @returns what it printed on stdout
 * @throws CliFailure with what it printed on stderr
 */
export async function runSetupProgram(app: 'payments' | 'ledger', env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, said } = await runOneShot(builtProgram(app, 'setup'), [], env);
  if (code === 0) return stdout;
  throw new CliFailure(
    exitCodes.unreachable,
    `The setup of the ${app} database failed: ${said}`,
    'No payment was touched: setup only adds tables, roles and rights.',
    'Set it right and run npx paid-once setup again: it is safe to repeat.',
  );
}

/** Runs a program to its end. `said`: what it had to say where its answer was to be. */
export async function runOneShot(program: string, args: string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code));
  });
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  return { code, stdout, said: stderr.trim() || stdout.trim() || `exit ${code}` };
}
