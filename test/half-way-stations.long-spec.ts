import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { LinkName } from '@paid-once/links';
import { pause } from '@paid-once/service';
import type { ServiceName } from '../apps/cli/src/services.js';
import { isAlive } from './support/ask.js';
import { EmptyServer } from './support/empty-server.js';
import { PaymentsUnderFault } from './support/payments-under-fault.js';
import { memoryOf, openSockets } from './support/process-limits.js';
import { TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

/** How long each dependency is away, in milliseconds. */
const awayMs = 10_000;

interface Case {
  link: LinkName;
  service: ServiceName;
  /** Connections that it may try to make in a second, on average. */
  perSecond: number;
}

/** One by one where the wait for a server is one loop; a relay also looks for its four shards' sake. */
const cases: Case[] = [
  { link: 'payments-postgres', service: 'payments', perSecond: 3 },
  { link: 'relay-postgres', service: 'relay', perSecond: 8 },
  { link: 'relay-rabbitmq', service: 'relay', perSecond: 1 },
  { link: 'ledger-rabbitmq', service: 'ledger', perSecond: 1 },
  { link: 'ledger-postgres', service: 'ledger', perSecond: 3 },
];

/** One dependency of each process at a time, so that no more than two rounds are waited for. */
const rounds: LinkName[][] = [
  ['payments-postgres', 'relay-rabbitmq', 'ledger-postgres'],
  ['relay-postgres', 'ledger-rabbitmq'],
];

interface Seen {
  pauses: number[];
  knocks: number;
  sockets: { before: number; most: number };
  residentMb: { before: number; most: number };
  pids: (number | undefined)[];
  stayedAlive: boolean;
}

let system: TestStack;
let payments: PaymentsUnderFault;
const seen = new Map<LinkName, Seen>();

beforeAll(async () => {
  system = await TestStack.start();
  payments = new PaymentsUnderFault(system);
  await payments.pay(200); // warm
  for (const links of rounds) {
    // What is paid now cannot get any further, or is not answered before the server is back.
    const paying = payments.pay(40, { concurrency: 4, attemptTimeoutMs: 5_000 });
    await Promise.all(links.map(async (link) => seen.set(link, await watchWithout(link))));
    await paying;
  }
}, 120_000);
afterAll(() => system?.stop());

async function watchWithout(link: LinkName): Promise<Seen> {
  const { service } = cases.find((one) => one.link === link)!;
  const process = system.stack.services[service];
  const pid = process.pid!;
  const mb = async () => (await memoryOf(pid)).resident / 2 ** 20;
  const before = { sockets: await openSockets(pid), residentMb: await mb() };
  const most = { ...before };
  let stayedAlive = true;
  const empty = await EmptyServer.start();
  const [found] = (await system.stack.links.list()).filter(({ name }) => name === link);
  const proxy = { name: link, listen: found!.listen, enabled: true };
  await system.stack.links.populate([{ ...proxy, upstream: empty.address }]);
  try {
    for (const until = performance.now() + awayMs; performance.now() < until; await pause(250)) {
      most.sockets = Math.max(most.sockets, await openSockets(pid));
      most.residentMb = Math.max(most.residentMb, await mb());
      stayedAlive &&= await isAlive(process.url);
    }
  } finally {
    await system.stack.links.populate([{ ...proxy, upstream: found!.upstream }]);
    await empty.stop();
  }
  return {
    pauses: empty.pauses,
    knocks: empty.knocks.length,
    sockets: { before: before.sockets, most: most.sockets },
    residentMb: { before: before.residentMb, most: most.residentMb },
    pids: [pid, process.pid],
    stayedAlive,
  };
}

describe.each(cases)('$service without what is behind $link', ({ link, perSecond }) => {
  it('lives, is the same process, and answers all the time', () => {
    const { pids, stayedAlive } = seen.get(link)!;
    expect(pids[1]).toBe(pids[0]);
    expect(stayedAlive).toBe(true);
  });

  it('B1 D5 G1: knocks seldom, and not in step with others', () => {
    const { knocks, pauses } = seen.get(link)!;
    expect(knocks).toBeGreaterThan(1); // it goes on trying
    expect(knocks).toBeLessThanOrEqual((perSecond * awayMs) / 1_000 + 3); // the first attempts follow quickly
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(20);
  });

  it('keeps no more sockets and hardly more memory', () => {
    const { sockets, residentMb } = seen.get(link)!;
    expect(sockets.most - sockets.before).toBeLessThanOrEqual(10);
    expect(residentMb.most - residentMb.before).toBeLessThan(60);
  });
});

it('D1 D5: everything drains afterwards, without a human hand', () => payments.expectAgreement());
