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
  const child = spawn(process.execPath, [builtProgram(app, 'setup')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code));
  });
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  if (code === 0) return stdout;
  throw new CliFailure(
    exitCodes.unreachable,
    `The setup of the ${app} database failed: ${stderr.trim() || stdout.trim() || `exit ${code}`}`,
    'No payment was touched: setup only adds tables, roles and rights.',
    'Set it right and run npx paid-once setup again: it is safe to repeat.',
  );
}
