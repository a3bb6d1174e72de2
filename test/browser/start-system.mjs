// One launched system for all browser tests: it takes ten seconds to start. Plain JavaScript on what was built, because
// Jest loads this file before its own module resolution exists.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { transformFile } from '@swc/core';
import { ensureChromium } from './support/chromium.mjs';

const checkout = join(import.meta.dirname, '../..');

export default async function startSystemForBrowserTests() {
  const say = (line) => process.stderr.write(`${line}\n`);
  process.env.TEST_CHROMIUM = await ensureChromium(say);
  const { LaunchedSystem } = await built('apps/cli/src/test/launched-system');
  const system = await LaunchedSystem.start();
  globalThis.paidOnceLaunchedSystem = system;
  const { urls, directory, root, env } = system;
  process.env.TEST_SYSTEM = JSON.stringify({ urls, directory, root, env });
}

/** `npm run build` leaves out what only tests use. */
async function built(module) {
  const { code } = await transformFile(join(checkout, `${module}.ts`), {
    cwd: checkout,
    jsc: {
      baseUrl: checkout,
      paths: {
        '@paid-once/service/basics': ['libs/service/src/basics.ts'],
        '@paid-once/*': ['libs/*/src/index.ts'],
      },
    },
    module: { type: 'es6', resolveFully: true },
  });
  const file = join(checkout, 'dist', `${module}.js`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, code);
  return import(file);
}
