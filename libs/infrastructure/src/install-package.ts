import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runToEnd } from './run-to-end.js';
import { searchPath } from './search-path.js';

/** A server that the system's package manager can bring. */
export interface Installable<Found extends { version: string }> {
  /** Its name for people, such as RabbitMQ. */
  software: string;
  debianPackage: string;
  /** How long that takes, for people. */
  takes: string;
  find: () => Promise<Found | undefined>;
  /** The error to throw; `why` goes on a sentence, such as "and there is no apt-get". */
  missing: (why: string) => Error;
}

/**
 * Finds a server's programs, or installs the system's package: on Debian and Ubuntu, as root or with a sudo that asks
 * nothing. The system's own service is not started, and what keeps it from starting is gone afterwards.
 * @param say gets each line of progress; the first says what is going to be done
 * @throws what `missing` makes, when it may not or cannot be installed here
 */
export async function ensureInstalled<Found extends { version: string }>(
  what: Installable<Found>,
  say: (line: string) => void,
  install: 'auto' | 'never' = 'auto',
): Promise<Found> {
  const { software, debianPackage, takes, missing } = what;
  const found = await what.find();
  if (found) return found;
  if (install === 'never') throw missing('and PAID_ONCE_INSTALL=never forbids to install it');
  if (!(await findProgram('apt-get'))) throw missing('and there is no apt-get to install it with');
  const becomeRoot = await wayToRoot();
  if (!becomeRoot) throw missing('and installing it takes root or a sudo without password');
  say(`${software} is not installed: installing the package ${debianPackage} with apt-get (${takes}) …`);
  say('its system service will not be started; PAID_ONCE_INSTALL=never forbids such installations');
  try {
    await installDebianPackage(debianPackage, becomeRoot, say);
  } catch (error) {
    throw missing(`and installing it failed (${error instanceof Error ? error.message : String(error)})`);
  }
  const installed = await what.find();
  if (!installed) throw missing('although apt-get said that it installed it');
  say(`${software} ${installed.version} is installed; its system service was not started`);
  return installed;
}

/** The command that a person would install it with. */
export function installCommand(debianPackage: string, brewFormula: string): string {
  return process.platform === 'darwin'
    ? `brew install ${brewFormula}`
    : `sudo apt-get install ${debianPackage}`;
}

/** Where a program is along the PATH. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of searchPath().split(delimiter)) {
    const path = join(directory, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
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
  printf '#!/bin/sh\\n# Put here by paid-once while it installs %s, removed right afterwards.\\nexit 101\\n' "$1" >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 LC_ALL=C
apt() { apt-get -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Dpkg::Use-Pty=0 "$@" </dev/null; }
refresh() {
  echo 'refreshing the list of packages: apt-get update'
  tries=0 # the lock of the lists knows no timeout
  until apt -qq update || [ $tries -ge 20 ]; do tries=$((tries + 1)); sleep 3; done
}
install() { apt install --no-install-recommends "$1"; }
apt-cache policy "$1" | grep -q 'Candidate: [0-9]' || refresh
install "$1" || { refresh; install "$1"; } # an old list names files that are no longer there
`;

// Of apt's some 150 lines.
const worthSaying = /^(Get:|Setting up|refreshing|Waiting|Need to get|[EW]:)/;

async function installDebianPackage(
  debianPackage: string,
  becomeRoot: string[],
  say: (line: string) => void,
): Promise<void> {
  await runToEnd([...becomeRoot, 'sh', '-c', installScript, 'install', debianPackage], {
    onLine: (line) => worthSaying.test(line) && say(`  ${line}`),
  });
}
