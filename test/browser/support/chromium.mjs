// Plain JavaScript on the built libraries: Jest's global setup and `npm run screenshots` load it as it is.
import { access, constants } from 'node:fs/promises';
import {
  ensureInstalled,
  findProgram,
  installCommand,
} from '../../../dist/libs/infrastructure/src/install-package.js';
import { runToEnd } from '../../../dist/libs/infrastructure/src/run-to-end.js';

const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Finds a Chromium: the one that PAID_ONCE_CHROMIUM names, else along the PATH; or installs the system's package.
 * @param {(line: string) => void} say gets each line of progress
 * @returns {Promise<string>} its path
 * @throws Error with the command to run, when it may not or cannot be installed here
 */
export async function ensureChromium(say) {
  const { PAID_ONCE_CHROMIUM: named, PAID_ONCE_INSTALL: install } = process.env;
  if (named) {
    await access(named, constants.X_OK).catch(() => {
      throw new Error(`PAID_ONCE_CHROMIUM: ${named} cannot be run`);
    });
    return named;
  }
  const chromium = {
    software: 'Chromium',
    debianPackage: 'chromium',
    takes: 'about a minute',
    find: findChromium,
    missing: (why) =>
      new Error(
        `Chromium was not found, ${why}. Install it: ${installCommand('chromium', '--cask chromium')}, or name one in PAID_ONCE_CHROMIUM`,
      ),
  };
  const { program } = await ensureInstalled(chromium, say, install === 'never' ? 'never' : 'auto');
  return program;
}

async function findChromium() {
  for (const name of programs) {
    const program = await findProgram(name);
    // "Chromium 156.0.8078.108 built on Debian GNU/Linux 12 (bookworm)"
    if (program)
      return { program, version: /\d[\d.]*/.exec(await runToEnd([program, '--version']))?.[0] ?? 'unknown' };
  }
  return undefined;
}
