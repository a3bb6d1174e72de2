import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from '@jest/globals';

/**
 * `it`, for a fault that not every machine lets us inject: where something is missing the test is reported as skipped,
 * with the reason in its title and on stderr.
 * @param missing what the machine does not allow; undefined: nothing is missing
 */
export function itNeeding(missing: string | undefined): (title: string, test: () => Promise<void>) => void {
  if (missing === undefined) return (title, test) => it(title, test);
  return (title) => {
    process.stderr.write(`skipped: ${title} (${missing})\n`);
    it.skip(`${title} (skipped: ${missing})`, () => {});
  };
}

/** @returns why a file system of a few megabytes cannot be mounted here; undefined when it can */
export function whyNoTmpfs(): string | undefined {
  const place = mkdtempSync(join(tmpdir(), 'paid-once-mount-'));
  try {
    return (
      whyNot('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], 'a tmpfs cannot be mounted') ??
      whyNot('umount', [place], 'a tmpfs cannot be unmounted')
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** @returns why packets cannot be dropped here; undefined when they can */
export function whyNoIptables(): string | undefined {
  return whyNot('iptables', ['-w', '-n', '-L', 'INPUT'], 'iptables cannot be used');
}

/** @returns why this commit cannot be had from the checkout's history; undefined when it can */
export function whyNoCommit(checkout: string, commit: string): string | undefined {
  return whyNot(
    'git',
    ['-C', checkout, 'cat-file', '-e', `${commit}^{commit}`],
    `there is no commit ${commit} here`,
  );
}

function whyNot(command: string, args: string[], what: string): string | undefined {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  if (status === 0) return undefined;
  return `${what}: ${error?.message ?? stderr.trim().split('\n')[0]}`;
}
