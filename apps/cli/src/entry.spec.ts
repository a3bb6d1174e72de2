import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkout } from './checkout.js';

let root: string;
const source = () => join(root, 'apps/cli/src/main.ts');
const compiler = () => join(root, 'node_modules/@nestjs/cli/bin/nest.js');

const page = () => join(root, 'dist/apps/console/web/index.html');

/** A checkout whose compiler writes down each of its runs. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'paid-once-entry-'));
  await cp(join(checkout, 'apps/cli/bin'), join(root, 'apps/cli/bin'), { recursive: true });
  for (const folder of ['apps/cli/src', 'libs', 'node_modules/@nestjs/cli/bin', 'node_modules/vite/bin'])
    await mkdir(join(root, folder), { recursive: true });
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  await writeFile(source(), '');
  await writeFile(
    compiler(),
    `import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
     appendFileSync('builds', 'x');
     mkdirSync('dist/apps/cli/src', { recursive: true });
     writeFileSync('dist/apps/cli/src/main.js', 'export const main = async (argv) => (console.log(argv.slice(2).join()), 7)');`,
  );
  await writeFile(
    join(root, 'node_modules/vite/bin/vite.js'),
    `import { mkdirSync, writeFileSync } from 'node:fs';
     mkdirSync('dist/apps/console/web', { recursive: true });
     writeFileSync('dist/apps/console/web/index.html', process.argv.slice(2).join());`,
  );
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function entry(...args: string[]) {
  try {
    const env = { PATH: '/usr/bin:/bin' };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'apps/cli/bin/paid-once.mjs'), ...args],
      { env },
    );
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, stdout };
  }
}
const builds = async () => (await readFile(join(root, 'builds'), 'utf8')).length;

describe('the entry', () => {
  it('builds when dist is missing, passes arguments and exit code on, and adds nothing to stdout', async () => {
    expect(await entry('pay', 'x.csv')).toEqual({ code: 7, stdout: 'pay,x.csv\n' });
    expect(await builds()).toBe(1);
  });

  it('builds again only when a source, or its absence, is newer', async () => {
    await entry();
    await entry();
    expect(await builds()).toBe(1);
    const later = new Date(Date.now() + 5_000);
    await utimes(source(), later, later);
    await entry();
    expect(await builds()).toBe(2);
  });

  it('builds once when it is started several times at once', async () => {
    const codes = (await Promise.all([entry(), entry(), entry()])).map(({ code }) => code);
    expect(codes).toEqual([7, 7, 7]);
    expect(await builds()).toBe(1);
  });

  it('takes over the lock of a build that was killed', async () => {
    await mkdir(join(root, 'node_modules/.cache/paid-once'), { recursive: true });
    await writeFile(join(root, 'node_modules/.cache/paid-once/build.lock'), '4194999'); // above every Linux pid
    expect((await entry()).code).toBe(7);
  });

  it('builds the page of the console, too, when that is missing', async () => {
    await entry();
    expect(await readFile(page(), 'utf8')).toBe('build,apps/console/web,--logLevel,warn');
    await rm(page());
    await entry();
    expect(await readFile(page(), 'utf8')).toContain('build');
  });

  it('runs what is there when there is no compiler, as in the image', async () => {
    await entry();
    await rm(compiler());
    await rm(join(root, 'dist/.built'));
    expect((await entry()).code).toBe(7);
  });

  it('exits 3 when the build fails', async () => {
    await writeFile(compiler(), 'process.exit(1)');
    expect(await entry()).toEqual({ code: 3, stdout: '' });
  });
});
