import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkout } from '../../apps/cli/src/checkout.js';
import type { startStack as launch } from '../../apps/cli/src/stack/start-stack.js';
import { whyNoCommit } from './it-needing.js';

const run = promisify(execFile);

/** What was released last: whoever updates comes from there. It is to be moved on with each release. */
const commit = 'c9ced56c0d4e086fa8e4560dad4e7ea0d965b0c2';

/** The release before this one, built from this checkout's own history; with the packages of this one. */
export class VersionBefore {
  private constructor(
    /** Its own launcher: its setup, its links, its services. */
    readonly startStack: typeof launch,
    private readonly directory: string,
  ) {}

  /** @returns why it cannot be had here; undefined when it can */
  static whyNot(): string | undefined {
    return whyNoCommit(checkout, commit);
  }

  static async build(): Promise<VersionBefore> {
    const directory = await mkdtemp(join(tmpdir(), 'paid-once-version-before-'));
    const archive = join(directory, 'archive.tar');
    const place = join(directory, 'checkout');
    await mkdir(place);
    await run('git', ['-C', checkout, 'archive', `--output=${archive}`, commit]);
    await run('tar', ['-x', '-f', archive, '-C', place]);
    await symlink(join(checkout, 'node_modules'), join(place, 'node_modules'));
    const { NODE_OPTIONS: _, ...env } = process.env; // those of Jest
    await run('npm', ['run', '--silent', 'build'], { cwd: place, env });
    const launcher = (await import(join(place, 'dist/apps/cli/src/stack/start-stack.js'))) as {
      startStack: typeof launch;
    };
    return new VersionBefore(launcher.startStack, directory);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }
}
