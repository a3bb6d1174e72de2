import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TestStack } from './support/test-stack.js';

jest.setTimeout(180_000);

/** A file's shortest way of checking nothing at all would be to have no assertions. */
const leastAssertions = 10;

const require = createRequire(import.meta.url);
const checkout = join(import.meta.dirname, '..');
const folder = join(checkout, 'http');
const files = (await readdir(folder)).filter((name) => name.endsWith('.http')).sort();

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start();
});
afterAll(() => system.stop());

describe('the request files', () => {
  it.each(files)('%s: every request is answered as the file says', async (file) => {
    const { exitCode, summary, problems } = await send(folder, file);
    expect(problems).toEqual([]);
    expect([exitCode, summary.totalTests]).toEqual([0, summary.successTests]);
    expect(summary.successTests).toBeGreaterThanOrEqual(leastAssertions);
  });

  it('can be sent again, all in one go', async () => {
    const { exitCode, problems } = await send(folder, '*.http');
    expect([exitCode, problems]).toEqual([0, []]);
  });

  it('fail when an expectation is wrong', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'paid-once-http-'));
    try {
      await cp(folder, copy, { recursive: true });
      const wrong = join(copy, 'payments.http');
      await writeFile(
        wrong,
        (await readFile(wrong, 'utf8')).replace('# ?? status == 208', '# ?? status == 201'),
      );
      const { exitCode, summary } = await send(copy, 'payments.http');
      expect(exitCode).not.toBe(0);
      expect(summary.failedTests).toBe(1);
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  it('find the same addresses in VS Code as elsewhere', async () => {
    const parse = async (path: string) =>
      JSON.parse(await readFile(join(checkout, path), 'utf8')) as Variables;
    const { local } = await parse('http/http-client.env.json');
    const settings = (await parse('.vscode/settings.json'))['rest-client.environmentVariables'];
    expect(settings).toEqual({ $shared: local });
  });
});

type Variables = Record<string, Record<string, unknown>>;

interface Report {
  summary: { totalTests: number; successTests: number; failedTests: number };
  requests: {
    title?: string;
    testResults?: { message: string; status: string; error?: { displayMessage: string } }[];
  }[];
}

async function send(
  cwd: string,
  file: string,
): Promise<{ exitCode: number; summary: Report['summary']; problems: string[] }> {
  const { urls } = system.stack;
  const variables = { ...urls, linkListen: `0.0.0.0:${new URL(urls.link).port}` };
  const options = ['--all', '--env', 'local', '--json', '--output', 'none', '--no-color'];
  const overrides = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const { exitCode, stdout } = await httpYac(cwd, ['send', file, ...options, '--var', ...overrides]);
  const { summary, requests } = JSON.parse(stdout) as Report;
  const problems = requests.flatMap(({ title, testResults = [] }) =>
    testResults
      .filter(({ status }) => status !== 'SUCCESS')
      .map(({ message, error }) => `${title?.trim()}: ${error?.displayMessage ?? message}`),
  );
  return { exitCode, summary, problems };
}

async function httpYac(cwd: string, args: string[]): Promise<{ exitCode: number; stdout: string }> {
  const program = require.resolve('httpyac/bin/httpyac.js');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], {
      cwd,
      maxBuffer: 64 << 20,
    });
    return { exitCode: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { exitCode: code, stdout };
  }
}
