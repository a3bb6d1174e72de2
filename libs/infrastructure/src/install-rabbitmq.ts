import { access, constants, readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ensureInstalled, installCommand } from './install-package.js';
import { searchPath } from './search-path.js';

export interface RabbitMqInstallation {
  /** The directory that holds `rabbitmq-server` and `rabbitmqctl`. */
  directory: string;
  /** Such as "3.10.8"; "unknown" when the installation does not tell. */
  version: string;
}

export interface InstallOptions {
  /** `never` forbids to install anything. */
  install?: 'auto' | 'never';
  /** An unpacked RabbitMQ (RABBITMQ_HOME) that is to be used instead of the system's. */
  home?: string;
}

/**
 * Finds RabbitMQ, or installs the system's package; its own node is not started.
 * @param say gets each line of progress; the first says what is going to be done
 * @throws RabbitMqMissing with the command to run, when it may not or cannot be installed here
 */
export async function ensureRabbitMq(
  say: (line: string) => void,
  options: InstallOptions = {},
): Promise<RabbitMqInstallation> {
  return ensureInstalled(
    {
      software: 'RabbitMQ',
      debianPackage: 'rabbitmq-server',
      takes: 'about a minute',
      find: () => findRabbitMq(options),
      missing: (why) => new RabbitMqMissing(why),
    },
    say,
    options.install,
  );
}

export class RabbitMqMissing extends Error {
  constructor(why: string) {
    const command = installCommand('rabbitmq-server', 'rabbitmq');
    super(`RabbitMQ was not found, ${why}. Install it: ${command}`);
    this.name = 'RabbitMqMissing';
  }
}

/** Looks in `home`, in Debian's place, along the PATH, and where Homebrew puts it. */
export async function findRabbitMq(
  options: { home?: string } = {},
): Promise<RabbitMqInstallation | undefined> {
  const directories = options.home
    ? [join(options.home, 'sbin')]
    : ['/usr/lib/rabbitmq/bin', ...searchPath().split(delimiter), '/opt/homebrew/sbin', '/usr/local/sbin'];
  for (const directory of directories) {
    const real = await scriptDirectory(join(directory, 'rabbitmq-server'));
    if (real) return { directory: real, version: await versionOf(real) };
  }
  return undefined;
}

/**
 * Where a rabbitmq-server's real scripts are. Debian's /usr/sbin/rabbitmq-server links to a wrapper beside them, which
 * becomes the user `rabbitmq` and hides the output; the real one has `rabbitmq-env` beside it.
 */
async function scriptDirectory(candidate: string): Promise<string | undefined> {
  try {
    const directory = dirname(await realpath(candidate));
    await access(join(directory, 'rabbitmq-server'), constants.X_OK);
    await access(join(directory, 'rabbitmq-env'));
    return directory;
  } catch {
    return undefined;
  }
}

// The directory of the plugins carries the versions: rabbit-3.10.8 or rabbit-3.10.8.ez.
async function versionOf(directory: string): Promise<string> {
  const server = await realpath(join(directory, 'rabbitmq-server'));
  const homes = [join(directory, '..'), join(dirname(server), '..')];
  const libraries = await readdir(join(directory, '../lib')).catch(() => []);
  homes.push(...libraries.map((library) => join(directory, '../lib', library)));
  for (const home of homes) {
    const plugins = await readdir(join(home, 'plugins')).catch(() => []);
    const version = plugins.map((plugin) => /^rabbit-(\d[\d.]*\d)/.exec(plugin)?.[1]).find(Boolean);
    if (version) return version;
  }
  return 'unknown';
}
