import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  isReachable,
  stateDirectory,
  stateDirectoryOf,
  sweepThrowAwayDirectories,
  throwAwayDirectory,
} from './state-directory.js';
import { unprivilegedUser } from './unprivileged.js';

let checkout: string;
const made: string[] = [];

beforeEach(async () => {
  checkout = join(await mkdtemp(join(tmpdir(), 'paid once ')), 'check out');
  await mkdir(checkout);
});

afterEach(async () => {
  for (const path of [join(checkout, '..'), ...made.splice(0)])
    await rm(path, { recursive: true, force: true });
});

async function state(): Promise<string> {
  const directory = await stateDirectory(checkout);
  made.push(directory);
  return directory;
}

const serversUid = unprivilegedUser()?.uid ?? process.getuid?.();

describe('stateDirectory', () => {
  it('is the same private place each time, linked from the checkout', async () => {
    const directory = await state();
    expect(await stateDirectory(checkout)).toBe(directory);
    expect(await readlink(join(checkout, '.paid-once'))).toBe(directory);
    const { mode, uid } = await stat(directory);
    expect([mode & 0o777, uid]).toEqual([0o700, serversUid]);
    expect(await isReachable(directory)).toBe(true);
  });

  it('has a path that a Unix socket may lie under, however long the checkout’s is, and can be told without being made', async () => {
    checkout = join(checkout, 'deep '.repeat(40));
    await mkdir(checkout);
    const directory = await stateDirectoryOf(checkout);
    await expect(stat(directory)).rejects.toThrow('ENOENT');
    expect(await state()).toBe(directory);
    expect(Buffer.byteLength(directory)).toBeLessThan(60);
  });

  it('mends a link that points elsewhere, and leaves alone what is no link', async () => {
    await symlink('/nowhere', join(checkout, '.paid-once'));
    expect(await readlink(join(checkout, '.paid-once'))).toBe('/nowhere');
    const directory = await state();
    expect(await readlink(join(checkout, '.paid-once'))).toBe(directory);
    await rm(join(checkout, '.paid-once'));
    await writeFile(join(checkout, '.paid-once'), 'mine');
    expect(await stateDirectory(checkout)).toBe(directory);
    expect((await stat(join(checkout, '.paid-once'))).isFile()).toBe(true);
  });

  it('refuses a place that others can enter or that is a link', async () => {
    const directory = await state();
    await rm(directory, { recursive: true });
    await mkdir(directory, { mode: 0o755 });
    await expect(stateDirectory(checkout)).rejects.toThrow('is not ours alone');
    await rm(directory, { recursive: true });
    await symlink(checkout, directory);
    await expect(stateDirectory(checkout)).rejects.toThrow('is not ours alone');
  });
});

describe('throwAwayDirectory', () => {
  it('stays while its owner lives and is swept when its owner is gone', async () => {
    const ours = await throwAwayDirectory('test');
    made.push(ours.path);
    const gone = spawnSync('true').pid;
    const theirs = `/var/tmp/paid-once-run-test-${gone}.1-abcdef`;
    const reused = `/var/tmp/paid-once-run-test-${process.pid}.1-abcdef`;
    for (const path of [theirs, reused]) await mkdir(path);
    made.push(theirs, reused);
    await sweepThrowAwayDirectories();
    expect((await stat(ours.path)).uid).toBe(serversUid);
    await expect(stat(theirs)).rejects.toThrow('ENOENT');
    await expect(stat(reused)).rejects.toThrow('ENOENT');
    await ours.remove();
    await expect(stat(ours.path)).rejects.toThrow('ENOENT');
  });
});
