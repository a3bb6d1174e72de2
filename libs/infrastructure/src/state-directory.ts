import { createHash, randomBytes } from 'node:crypto';
import {
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  unlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from './error-code.js';
import { isOwnerAlive, ownerMark } from './process-table.js';
import { unprivilegedUser } from './unprivileged.js';

// Not /tmp: that is memory on many systems, and empty after a reboot. Not the checkout: `nobody` may not reach it.
const root = '/var/tmp';

/**
 * The checkout's private place for data and binaries, made on first use and linked from `<checkout>/.paid-once`.
 * It belongs to the user that servers run as.
 * @throws Error when somebody else owns it: another user ran this checkout before, or means us harm
 */
export async function stateDirectory(checkout: string): Promise<string> {
  const directory = await stateDirectoryOf(checkout);
  await makePrivate(directory);
  await linkTo(directory, join(checkout, '.paid-once'));
  return directory;
}

/**
 * Where that place is, or would be: nothing is made. However long the checkout's path is, this one is short enough for
 * a Unix socket in it, whose path may have about 100 bytes.
 */
export async function stateDirectoryOf(checkout: string): Promise<string> {
  const hash = createHash('sha256').update(await realpath(checkout));
  return join(root, `paid-once-${hash.digest('hex').slice(0, 12)}`);
}

export interface ThrowAwayDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A new private directory for one run, owned by the user that servers run as. Its name tells whose it is, so that a
 * later run removes it when its owner was killed.
 * @param prefix what it is for: lower-case letters and digits
 */
export async function throwAwayDirectory(prefix: string): Promise<ThrowAwayDirectory> {
  await sweepThrowAwayDirectories();
  const path = await mkdtemp(join(root, `${throwAwayName}${prefix}-${ownerMark()}-`));
  const user = unprivilegedUser();
  if (user) await chown(path, user.uid, user.gid);
  return { path, remove: () => removeTree(path) };
}

const throwAwayName = 'paid-once-run-';

/** Removes the throw-away directories of processes that are gone. What belongs to another user stays. */
export async function sweepThrowAwayDirectories(): Promise<void> {
  for (const name of (await readdir(root)).filter((entry) => entry.startsWith(throwAwayName))) {
    const [, mark] = /-(\d+\.\d+)-[^-]+$/.exec(name) ?? [];
    if (mark === undefined || isOwnerAlive(mark)) continue;
    await removeTree(join(root, name)).catch(() => {});
  }
}

async function makePrivate(directory: string): Promise<void> {
  const user = unprivilegedUser();
  const owner = user?.uid ?? process.getuid?.();
  await privateDirectory(directory);
  // lstat: in a directory that everybody may write, the name could be somebody's link.
  const found = await lstat(directory);
  if (found.isDirectory() && (owner === undefined || found.uid === owner) && (found.mode & 0o077) === 0)
    return;
  throw new Error(
    `${directory} is not ours alone (owner ${found.uid}, mode ${(found.mode & 0o777).toString(8)}): ` +
      `another user ran this checkout before. Run it as that user, or remove the directory and the data in it`,
  );
}

/** Makes a directory, and those above it that are missing, for the user that servers run as; what is there stays. */
export async function privateDirectory(directory: string): Promise<void> {
  const user = unprivilegedUser();
  try {
    await mkdir(directory, { mode: 0o700 });
    if (user) await chown(directory, user.uid, user.gid);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    if (errorCode(error) !== 'ENOENT' || dirname(directory) === directory) throw error;
    await privateDirectory(dirname(directory));
    await privateDirectory(directory);
  }
}

/** A convenience only: where the link cannot be made, or something else has its name, we do without it. */
async function linkTo(directory: string, link: string): Promise<void> {
  try {
    const present = await lstat(link).catch(() => undefined);
    if (present && !present.isSymbolicLink()) return;
    if (present && (await readlink(link)) === directory) return;
    const fresh = `${link}-${randomBytes(4).toString('hex')}`;
    await symlink(directory, fresh);
    await rename(fresh, link).catch(async (error: unknown) => {
      await unlink(fresh);
      throw error;
    });
  } catch {
    // A checkout that is read-only.
  }
}

/** Removes a directory that a server may still be writing to while it dies. */
export async function removeTree(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** Whether the user that servers run as can enter a directory and read what everybody may read there. */
export async function isReachable(directory: string): Promise<boolean> {
  const user = unprivilegedUser();
  if (!user) return true;
  const path = await realpath(directory);
  const ancestors = path.split('/').map((_, index, names) => names.slice(0, index + 1).join('/') || '/');
  for (const ancestor of ancestors) {
    const { mode, uid } = await stat(ancestor);
    if ((mode & 0o001) === 0 && !(uid === user.uid && (mode & 0o100) !== 0)) return false;
  }
  return true;
}
