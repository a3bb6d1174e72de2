import { ensureInstalled, findProgram, installCommand } from './install-package.js';
import { runToEnd } from './run-to-end.js';

export interface RedisInstallation {
  /** The path of `redis-server`. */
  program: string;
  /** Such as "7.0.15". */
  version: string;
}

/**
 * Finds Redis along the PATH, or installs the system's package; its own service is not started.
 * @param say gets each line of progress; the first says what is going to be done
 * @throws RedisMissing with the command to run, when it may not or cannot be installed here
 */
export async function ensureRedis(
  say: (line: string) => void,
  install: 'auto' | 'never' = 'auto',
  find: typeof findRedis = findRedis,
): Promise<RedisInstallation> {
  return ensureInstalled(
    {
      software: 'Redis',
      debianPackage: 'redis-server',
      takes: 'some seconds',
      find,
      missing: (why) => new RedisMissing(why),
    },
    say,
    install,
  );
}

export class RedisMissing extends Error {
  constructor(why: string) {
    super(`Redis was not found, ${why}. Install it: ${installCommand('redis-server', 'redis')}`);
    this.name = 'RedisMissing';
  }
}

export async function findRedis(): Promise<RedisInstallation | undefined> {
  const program = await findProgram('redis-server');
  if (!program) return undefined;
  // "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64 build=…"
  const said = await runToEnd([program, '--version']);
  return { program, version: /\bv=(\S+)/.exec(said)?.[1] ?? 'unknown' };
}
