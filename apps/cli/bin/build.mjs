import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** What a build is made from, relative to the checkout. */
const sources = ['apps', 'libs', 'nest-cli.json', 'tsconfig.json', 'package.json', '.swcrc'];
const notBuilt = /[.-]spec\.ts$|[/\\](test|dev)$/;

export class BuildFailed extends Error {}

/**
 * Builds dist when it is missing or older than its sources; otherwise does nothing and says nothing.
 * Where there is no compiler (in the image) what is there is run. Two at once: one builds, the other waits for it.
 * @throws BuildFailed
 */
export async function buildIfStale(root, node) {
  const main = join(root, 'dist/apps/cli/src/main.js');
  const stamp = join(root, 'dist/.built');
  const page = join(root, 'dist/apps/console/web/index.html');
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const isFresh = () =>
    existsSync(main) && existsSync(page) && existsSync(stamp) && newestMs(root) <= statSync(stamp).mtimeMs;
  if (existsSync(main) && !existsSync(nest)) return;
  if (isFresh()) return;
  if (!existsSync(nest))
    throw new BuildFailed('paid-once is not built, and its compiler is not installed. Next: npm install');

  const release = await lock(join(root, 'node_modules/.cache/paid-once'));
  try {
    if (isFresh()) return; // another one has just built it
    const startedAt = new Date();
    console.error(existsSync(main) ? 'paid-once: sources have changed, building …' : 'paid-once: building …');
    const compile = [nest, 'build', 'payments'];
    const bundlePage = [vite, 'build', 'apps/console/web', '--logLevel', 'warn'];
    for (const step of [compile, bundlePage]) {
      const { status, stdout, stderr } = spawnSync(node, step, { cwd: root, encoding: 'utf8' });
      if (status !== 0 || !existsSync(main))
        throw new BuildFailed(
          `${stdout ?? ''}${stderr ?? ''}\nThe build failed: nothing was run. Next: npm run typecheck`,
        );
    }
    writeFileSync(stamp, '');
    utimesSync(stamp, startedAt, startedAt); // what was saved during the build is newer than it
    console.error(`paid-once: built in ${((Date.now() - startedAt.getTime()) / 1000).toFixed(1)} s`);
  } finally {
    release();
  }
}

/** The latest change below the sources; a folder's own time tells of files that were removed. */
function newestMs(root) {
  let newest = 0;
  const visit = (path) => {
    if (notBuilt.test(path)) return;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    newest = Math.max(newest, stats.mtimeMs);
    if (stats.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  for (const source of sources) visit(join(root, source));
  return newest;
}

/** Waits until nobody else builds. A lock whose holder has died is taken over. */
async function lock(folder) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'build.lock');
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (holderIsGone(path)) rmSync(path, { force: true });
    else await setTimeout(100);
  }
}

function holderIsGone(path) {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // Empty: it is being written right now, unless that was long ago.
    if (!pid) return Date.now() - statSync(path).mtimeMs > 2_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
