import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import { freePorts } from '@paid-once/infrastructure';
import { pause } from '@paid-once/service/basics';
import { Client } from 'pg';
import { connectLinks, faultsOn } from '@paid-once/links';
import type { ProcessInfo } from '../../../apps/cli/src/stack/process-info.ts';
import type { AboutView, Done, Happened, Snapshot } from '../../../apps/console/src/api.ts';

interface Launched {
  urls: Record<'payments' | 'ledger' | 'relay' | 'link' | 'toxiproxy' | 'console', string>;
  /** Where its data is. */
  directory: string;
  /** Its checkout. */
  root: string;
  env: NodeJS.ProcessEnv;
}

/** The launched system that all browser tests share. */
const launched = JSON.parse(process.env.TEST_SYSTEM ?? '{}') as Launched;
export const { urls } = launched;

/** What a console's page sends with whatever changes something. */
export async function fromThePage(url = urls.console): Promise<Record<string, string>> {
  const { token } = (await (await fetch(`${url}/api/about`)).json()) as AboutView;
  return { 'content-type': 'application/json', 'x-paid-once-console': token };
}

/** What the page's buttons ask for, without a page. */
export async function act(path: string, body: object = {}): Promise<Done> {
  const answer = await fetch(`${urls.console}/api/${path}`, {
    method: 'POST',
    headers: await fromThePage(),
    body: JSON.stringify(body),
  });
  const told = await answer.text();
  if (answer.status !== 200) throw new Error(`${path} is answered ${answer.status}: ${told}`);
  return JSON.parse(told) as Done;
}

/** The console's stream, as a page that opens hears it, until that is enough. */
async function heard(isEnough: (events: { name: string; data: string }[]) => boolean) {
  const { body } = await fetch(`${urls.console}/api/events`);
  let read = '';
  for await (const part of body!.pipeThrough(new TextDecoderStream())) {
    read += part;
    const events = read
      .split('\n\n')
      .slice(0, -1)
      .map((event) => ({
        name: /^event: (.*)$/m.exec(event)?.[1] ?? '',
        data: /^data: (.*)$/m.exec(event)?.[1] ?? '',
      }));
    if (isEnough(events)) return events;
  }
  throw new Error('the console has ended its stream');
}

const snapshotsIn = (events: { name: string; data: string }[]) =>
  events.filter(({ name }) => name === 'snapshot').map(({ data }) => JSON.parse(data) as Snapshot);

/** What every page is told now. The first one may be of five seconds ago, when nobody listened. */
export async function snapshot(): Promise<Snapshot> {
  return snapshotsIn(await heard((events) => snapshotsIn(events).length >= 2))[1]!;
}

/** All that the console remembers, the oldest first. */
export async function happened(): Promise<Happened[]> {
  const events = await heard((events) => snapshotsIn(events).length >= 2);
  return events.filter(({ name }) => name === 'happened').map(({ data }) => JSON.parse(data) as Happened);
}

/** Everything runs, is healed and empty, in the last chapter. */
export async function afresh(): Promise<void> {
  await act('runs/stop');
  await act('links/heal');
  for (const { name, state } of (await snapshot()).processes) {
    if (state === 'stopped') await act(`processes/${name}/cont`);
    if (state === 'dead') await act(`processes/${name}/restart`);
  }
  await until('everything is up', async () => {
    const { processes, stations, run } = await snapshot();
    const { payments, outbox, queue, inbox, ledger } = stations;
    return (
      run?.state !== 'running' &&
      processes.every(({ state }) => state === 'running') &&
      [payments, outbox, queue, inbox, ledger].every(({ health }) => health === 'up')
    );
  });
  if ((await snapshot()).mode.chapter?.chapter !== 4) await act('chapter', { chapter: 4 });
  await act('reset');
  await until('both ledgers are empty', async () => {
    const { verdict, mode } = await snapshot();
    return verdict.kind === 'empty' && mode.chapter?.chapter === 4;
  });
}

/** Polls until it holds, for what no page shows. @throws what was not so in the end */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs / 1_000} s: ${what}`);
    await pause(100);
  }
}

/** What `npx paid-once VERB … --json` prints in the system's checkout. */
async function verb<Answer>(...args: string[]): Promise<Answer> {
  const { root, env } = launched;
  const program = spawn(process.execPath, [join(root, 'apps/cli/bin/paid-once.mjs'), ...args, '--json'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [stdout, [exitCode]] = await Promise.all([text(program.stdout), once(program, 'exit')]);
  expect({ args, exitCode }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout) as Answer;
}

/** What Toxiproxy itself says is wrong with each link that is not up, by kind. */
export async function brokenLinks(): Promise<Record<string, string[]>> {
  const links = await connectLinks(urls.toxiproxy).list();
  const kinds = links.map((link) => [link.name, faultsOn(link).map(({ fault }) => fault?.kind ?? 'strange')]);
  return Object.fromEntries(kinds.filter(([, faults]) => faults!.length > 0)) as Record<string, string[]>;
}

export async function processByCommand(name: string): Promise<ProcessInfo | undefined> {
  const { processes } = await verb<{ processes: ProcessInfo[] }>('processes');
  return processes.find((process) => process.name === name);
}

/** Asks one of the databases as its owner, past every service and link. */
export async function sql<Row extends object>(side: 'payments' | 'ledger', query: string): Promise<Row[]> {
  const folder = join(launched.directory, `${side}-db`);
  const password = (await readFile(join(folder, 'password'), 'utf8')).trim();
  const port = (await readFile(join(folder, 'data/postmaster.pid'), 'utf8')).split('\n')[3];
  const client = new Client({ connectionString: `postgres://admin:${password}@127.0.0.1:${port}/${side}` });
  await client.connect();
  try {
    return (await client.query<Row>(query)).rows;
  } finally {
    await client.end();
  }
}

export interface FurtherConsole {
  url: string;
  stop(): Promise<void>;
}

/** Another console of the same system. */
export async function startConsole(settings: Record<string, string>): Promise<FurtherConsole> {
  const { root, env } = launched;
  const [port = 0] = await freePorts(1);
  const { console: _, ...parts } = urls;
  const addresses = Object.entries(parts).map(([name, url]) => [`PAID_ONCE_${name.toUpperCase()}_URL`, url]);
  const program = spawn(process.execPath, [join(root, 'dist/apps/console/src/main.js')], {
    cwd: root,
    env: {
      ...env,
      ...Object.fromEntries(addresses),
      PAID_ONCE_LAB: 'true',
      PAID_ONCE_CONSOLE_PORT: String(port),
      ...settings,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    program.kill();
    await once(program, 'exit');
  };
  const answers = () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  await until('the further console answers', answers).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}
