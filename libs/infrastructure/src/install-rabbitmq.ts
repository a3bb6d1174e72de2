import { access, constants, readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { runToEnd } from './run-to-end.js';
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
 * Finds RabbitMQ, or installs the system's package: on Debian and Ubuntu, as root or with a sudo that asks nothing.
 * The system's own node is not started, and what keeps it from starting is gone afterwards.
 * @param say gets each line of progress; the first says what is going to be done
 * @throws Error with the command to run, when it may not or cannot be installed here
 */
export async function ensureRabbitMq(
  say: (line: string) => void,
  options: InstallOptions = {},
): Promise<RabbitMqInstallation> {
  const found = await findRabbitMq(options);
  if (found) return found;
  if (options.install === 'never')
    throw new RabbitMqMissing('and PAID_ONCE_INSTALL=never forbids to install it');
  if (!(await hasProgram('apt-get'))) throw new RabbitMqMissing('and there is no apt-get to install it with');
  const becomeRoot = await wayToRoot();
  if (!becomeRoot) throw new RabbitMqMissing('and installing it takes root or a sudo without password');
  say('RabbitMQ is not installed: installing the package rabbitmq-server with apt-get (about a minute) …');
  say('its system service will not be started; PAID_ONCE_INSTALL=never forbids such installations');
  await installDebianPackage(becomeRoot, say);
  const installed = await findRabbitMq(options);
  if (!installed) throw new RabbitMqMissing('although apt-get said that it installed it');
  say(`RabbitMQ ${installed.version} is installed; its system service was not started`);
  return installed;
}

export class RabbitMqMissing extends Error {
  constructor(why: string) {
    const command =
      process.platform === 'darwin' ? 'brew install rabbitmq' : 'sudo apt-get install rabbitmq-server';
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

/** The words that go before a command so that it runs as root; undefined when there is no way. */
async function wayToRoot(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return runToEnd(['sudo', '-n', 'true']).then(
    () => ['sudo', '-n'],
    () => undefined,
  );
}

// One script, so that what it put up is taken down even when this process is killed meanwhile. Debian asks
// policy-rc.d whether services may start; a system that has one already, as containers do, keeps its own.
const installScript = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\n# Put here by paid-once while it installs RabbitMQ, removed right afterwards.\\nexit 101\\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 LC_ALL=C
apt() { apt-get -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Dpkg::Use-Pty=0 "$@" </dev/null; }
refresh() {
  echo 'refreshing the list of packages: apt-get update'
  tries=0 # the lock of the lists knows no timeout
  until apt -qq update || [ $tries -ge 20 ]; do tries=$((tries + 1)); sleep 3; done
}
install() { apt install --no-install-recommends rabbitmq-server; }
apt-cache policy rabbitmq-server | grep -q 'Candidate: [0-9]' || refresh
install || { refresh; install; } # an old list names files that are no longer there
`;

// Of apt's some 150 lines.
const worthSaying = /^(Get:|Setting up|refreshing|Waiting|Need to get|[EW]:)/;

async function installDebianPackage(becomeRoot: string[], say: (line: string) => void): Promise<void> {
  try {
    await runToEnd([...becomeRoot, 'sh', '-c', installScript], {
      onLine: (line) => worthSaying.test(line) && say(`  ${line}`),
    });
  } catch (error) {
    throw new RabbitMqMissing(
      `and installing it failed (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

async function hasProgram(name: string): Promise<boolean> {
  for (const directory of searchPath().split(delimiter)) {
    const found = await access(join(directory, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
