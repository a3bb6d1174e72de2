import { readFileSync } from 'node:fs';

export interface SystemUser {
  uid: number;
  gid: number;
}

/**
 * Who servers run as: `nobody` when we are root, because Postgres refuses to run as root and the others should not.
 * @returns undefined when that is ourselves: nothing has to be changed then
 * @throws Error when we are root and the system has no `nobody`
 */
export function unprivilegedUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const nobody = findUser(readFileSync('/etc/passwd', 'utf8'), 'nobody');
  if (nobody) return nobody;
  throw new Error(
    'Postgres does not run as root, and /etc/passwd has no user `nobody`: start this as a plain user',
  );
}

/** A user's ids in the text of /etc/passwd; macOS writes those of `nobody` as -2. */
export function findUser(passwd: string, name: string): SystemUser | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([login]) => login === name);
  if (!fields) return undefined;
  const [uid, gid] = [Number(fields[2]), Number(fields[3])];
  return { uid: uid >>> 0, gid: gid >>> 0 };
}
