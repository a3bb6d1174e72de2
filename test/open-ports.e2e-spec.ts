import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

let system: TestStack;
beforeAll(async () => {
  system = await TestStack.startWithServers();
});
afterAll(() => system?.stop());

interface Listening {
  address: string;
  port: number;
  program: string;
}

/** What this process, its children and theirs listen on: as the kernel says. */
function listening(): Listening[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = ofProcess(() => readFileSync(`/proc/${entry}/stat`, 'utf8')) ?? '';
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === process.pid || isOurs(parents.get(pid)));
  const programs = new Map<string, string>();
  for (const pid of [...parents.keys()].filter(isOurs)) {
    const name = ofProcess(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? '';
    for (const descriptor of ofProcess(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
      const target = ofProcess(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`)) ?? '';
      const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
      if (inode !== undefined) programs.set(inode, name);
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state]) => state === '0A')
      .flatMap((columns) => {
        const [address = '', port = ''] = (columns[1] ?? '').split(':');
        const program = programs.get(columns[9] ?? '');
        return program === undefined ? [] : [{ address, port: Number.parseInt(port, 16), program }];
      }),
  );
}

/** The servers of other tests are children of the same process. */
function ofTheTestRun(): number[] {
  const given = Object.entries(process.env).filter(([name]) => name.startsWith('TEST_'));
  return given.map(([, value = '']) => Number(URL.parse(value)?.port ?? value));
}

/** Undefined when it has ended meanwhile. */
function ofProcess<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const loopback = ['0100007F', '00000000000000000000000001000000', '0000000000000000FFFF00000100007F'];

it('S8: opens the documented ports and no other, all of them on loopback', () => {
  const { stack } = system;
  const { paymentsDb, ledgerDb, broker } = stack.servers ?? {};
  const open = listening();
  expect(open.filter(({ address }) => !loopback.includes(address))).toEqual([]);
  const documented = new Set(
    [
      ...Object.values(stack.urls),
      ...Object.values(stack.env).filter((value) => /^(postgres|amqp|http):/.test(value)), // through the links
      broker?.adminUrl ?? '',
    ].map((url) => Number(new URL(url).port)),
  );
  for (const port of [paymentsDb?.port, ledgerDb?.port, broker?.amqpPort]) documented.add(port ?? 0);
  for (const port of ofTheTestRun()) documented.add(port);
  const others = open.filter(({ port }) => !documented.has(port));
  // Erlang's own: its port mapper, and the port between nodes.
  expect(others.filter(({ program }) => !/epmd|beam|erl/.test(program))).toEqual([]);
  for (const { port } of open.filter(({ program }) => program === 'node' || program === 'MainThread'))
    expect([...documented]).toContain(port);
});
