import { randomBytes } from 'node:crypto';
import { chown, readFile, writeFile } from 'node:fs/promises';
import { errorCode } from './error-code.js';
import { unprivilegedUser } from './unprivileged.js';

/** The random password in a file that only the user that servers run as can read; made when there is none. */
export async function keptPassword(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const password = randomBytes(18).toString('hex');
  await writeServerFile(file, password, 0o600);
  return password;
}

/** Writes a file for the user that servers run as. */
export async function writeServerFile(file: string, text: string, mode: number): Promise<void> {
  await writeFile(file, text, { mode });
  const user = unprivilegedUser();
  if (user) await chown(file, user.uid, user.gid);
}
