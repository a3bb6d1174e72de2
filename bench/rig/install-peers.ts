import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { inCheckout } from './program.js';
import { say } from './say.js';

/** Other people's systems are packages of their own, so that nobody else needs them. @throws Error npm failed */
export async function installPeers(): Promise<void> {
  const folder = inCheckout('bench/peers');
  if (existsSync(`${folder}/node_modules/pg-boss`)) return;
  say('installing what the bench measures against: npm ci --prefix bench/peers');
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve) => npm.once('close', resolve));
  if (code !== 0) throw new Error(`npm ci in bench/peers failed with exit code ${String(code)}`);
}
