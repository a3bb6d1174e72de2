import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureInstalled } from './install-package.js';

export interface FaketimeInstallation {
  /** The path of the library, for LD_PRELOAD. */
  library: string;
  version: string;
}

/**
 * Finds libfaketime, which gives a process another wall clock, or installs the system's package.
 * @param say gets each line of progress; the first says what is going to be done
 * @throws FaketimeMissing with the reason, when it may not or cannot be installed here
 */
export async function ensureFaketime(
  say: (line: string) => void,
  install: 'auto' | 'never' = 'auto',
): Promise<FaketimeInstallation> {
  return ensureInstalled(
    {
      software: 'libfaketime',
      debianPackage: 'libfaketime',
      takes: 'some seconds',
      find: findFaketime,
      missing: (why) => new FaketimeMissing(why),
    },
    say,
    install,
  );
}

export class FaketimeMissing extends Error {
  constructor(why: string) {
    super(`libfaketime was not found, ${why}`);
    this.name = 'FaketimeMissing';
  }
}

/** Debian puts it into /usr/lib/<architecture>/faketime. */
async function findFaketime(): Promise<FaketimeInstallation | undefined> {
  for (const directory of await readdir('/usr/lib').catch(() => [])) {
    const library = join('/usr/lib', directory, 'faketime/libfaketimeMT.so.1');
    const isThere = await access(library).then(
      () => true,
      () => false,
    );
    if (isThere) return { library, version: 'of the system' };
  }
  return undefined;
}
