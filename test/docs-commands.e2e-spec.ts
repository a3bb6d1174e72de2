import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pause } from '@paid-once/service';
import { commandsIn, isIn, type DocumentedCommand } from './support/documented-commands.js';
import { TestStack } from './support/test-stack.js';
import { withAll } from './support/with-all.js';

/** A page pays some hundred times over broken links, and every command starts a process. */
jest.setTimeout(300_000);

const checkout = join(import.meta.dirname, '..');
const [trail, runbook] = [await pagesIn('docs/chapters'), await pagesIn('docs/runbook')];
const pages = [...trail, ...runbook, 'docs/guarantees.md', 'README.md'];
// Of the README only what says what to expect, in the same way: the rest installs and starts.
const breakItAndCompare = /^## Break it and compare$(.*?)^## /ms.exec(await read('README.md'))?.[1] ?? '';
const tried: [page: string, text: string][] = await Promise.all(
  trail.map(async (page): Promise<[string, string]> => [page, await read(page)]),
);
if (breakItAndCompare.includes('# →')) tried.push(['README.md', breakItAndCompare]);
// A page of the runbook may have nothing that can be tried on a system that is whole. All of them take a minute.
for (const page of withAll ? runbook : runbook.filter((each) => /README|outbox-grows/.test(each))) {
  const text = await read(page);
  if (text.includes('# →')) tried.push([page, text]);
}

let system: TestStack;
let scratch: string;

beforeAll(async () => {
  system = await TestStack.start();
  scratch = await mkdtemp(join(tmpdir(), 'paid-once-docs-'));
});
afterAll(async () => {
  await system.stop();
  await rm(scratch, { recursive: true });
});

describe('the page', () => {
  it.each(tried)('%s says what its commands do', async (_page, text) => {
    const commands = commandsIn(text).filter(({ command }) => !command.startsWith('npm '));
    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) expect(await whatIsWrong(command)).toBeUndefined();
  });

  it.each(pages)('%s has links that lead somewhere', async (page) => {
    const targets = [...(await read(page)).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
      ([, target = '']) => target,
    );
    expect(targets.filter((target) => !existsSync(join(checkout, dirname(page), target)))).toEqual([]);
  });
});

describe('the recording of the demo', () => {
  it('is small, says what it shows, and stands still where that is preferred', async () => {
    const svg = await read('docs/demo.svg');
    expect(svg.length).toBeLessThan(150_000);
    expect(svg).toMatch(/<title id="label">.+<desc id="description">.+prefers-reduced-motion:reduce/s);
    expect(svg).toMatch(/recording of a real run of "npm run demo" on \d{4}-\d\d-\d\d/);
    expect(svg).toContain('each posted exactly once.');
  });
});

describe('an expectation', () => {
  const page = '```sh\nnpx one \\\n  two   # → exit 3, 4..6 of 1,000 … done\n# → more\n# a remark\nls\n```\n';

  it('is read with its command', () =>
    expect(commandsIn(page)).toEqual([
      { command: 'npx one    two', exitCode: 3, expected: ['4..6 of 1,000 … done', 'more'] },
      { command: 'ls', exitCode: 0, expected: [] },
    ]));

  it.each([
    ['✓ 5 of 1,000 rows\nall done', true],
    ['✓ 7 of 1,000 rows\nall done', false],
    ['✓ 15 of 1,000 rows\nall done', false],
    ['✓ 5 of 1,0001 rows\nall done', false],
    ['✓ 5 of 1,000 rows', false],
  ])('is found or not in %j', (output, found) => expect(isIn(output, '4..6 of 1,000 … done')).toBe(found));
});

async function pagesIn(folder: string): Promise<string[]> {
  const names = await readdir(join(checkout, folder));
  return names
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
    .sort();
}

function read(path: string): Promise<string> {
  return readFile(join(checkout, path), 'utf8');
}

/** What only looks may look again, as a reader would; a page's `sleep` is for readers. */
const onlyLooks = /^(curl -s |npx paid-once compare)/;
const lookAgainMs = 30_000;

async function whatIsWrong(documented: DocumentedCommand): Promise<object | undefined> {
  const { command, exitCode, expected } = documented;
  if (command.startsWith('sleep ')) return undefined;
  const giveUpAt = performance.now() + (onlyLooks.test(command) ? lookAgainMs : 0);
  for (;;) {
    const ran = await run(command);
    const missing = expected.filter((text) => !isIn(ran.output, text));
    if (missing.length === 0 && ran.exitCode === exitCode) return undefined;
    if (performance.now() > giveUpAt) return { ...documented, missing, ran };
    await pause(200);
  }
}

/** As the page has it, but on the test's system and in a folder of its own. */
function run(command: string): Promise<{ exitCode: number | null; output: string }> {
  const { urls, env } = system.stack;
  const ports: Record<string, string> = {
    8080: urls.payments,
    8081: urls.ledger,
    8082: urls.relay,
    8888: urls.link,
    8474: urls.toxiproxy,
  };
  const here = command
    .replaceAll('/tmp/', `${scratch}/`) // before a path of this checkout, which may lie there, comes in
    .replaceAll('npx paid-once', `${process.execPath} apps/cli/bin/paid-once.mjs`)
    .replaceAll(
      /localhost:(\d+)/g,
      (address, port: string) => ports[port]?.replace('http://', '') ?? address,
    );
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', here], {
      cwd: checkout,
      env: { ...process.env, ...env, NO_COLOR: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', reject).on('close', (code) => resolve({ exitCode: code, output }));
  });
}
