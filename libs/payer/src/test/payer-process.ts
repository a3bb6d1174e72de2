import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PayOptions } from '../pay-types.js';

const built = join(import.meta.dirname, '../../../../dist/libs/payer/src/index.js');

/** A payer in a process of its own, to be killed: the built one, so `npm run build` comes first. */
export function startPayerProcess(
  options: Pick<PayOptions, 'file' | 'url' | 'journal' | 'run'>,
): ChildProcess {
  const program = `
    import { payFile } from ${JSON.stringify(built)};
    await payFile(${JSON.stringify(options)});`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

/** As `kill -9`; resolves when it is gone. */
export async function killProcess(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
