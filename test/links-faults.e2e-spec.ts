import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { faultsOn, linkNames, type Fault, type LinkName } from '@paid-once/links';
import { pause } from '@paid-once/service';
import { agreement, TestStack } from './support/test-stack.js';
import { withAll } from './support/with-all.js';

jest.setTimeout(60_000);

/** Longer than each time-out below: whoever waits through a fault must have given up and tried again. */
const faultMs = 1_600;
/** A broker's connection that has gone silent is given up after two heartbeats, at the next look. */
const silentBrokerMs = 3_100;

const timeouts = { PAID_ONCE_DB_TIMEOUT_MS: '1200', PAID_ONCE_HEARTBEAT_SECONDS: '1' };
const attemptTimeoutMs = 700;
const rows = 20;

const faults: Fault[] = [
  { kind: 'cut' },
  { kind: 'slow', ms: 1_400 },
  { kind: 'reset', percent: 50, stream: 'both' },
  { kind: 'lose-answers' },
  { kind: 'lose-requests' },
  { kind: 'drip' },
  { kind: 'half-open' },
];

/** What is a row of the fault matrix. */
const named: Partial<Record<`${LinkName}, ${Fault['kind']}`, string>> = {
  'payment, reset': 'A1: payment, reset',
  'payment, lose-answers': 'A1 A7: payment, lose-answers',
  'payments-postgres, cut': 'B1: payments-postgres, cut',
  'payments-postgres, slow': 'B15: payments-postgres, slow',
  'payments-postgres, drip': 'B15: payments-postgres, drip',
  'payments-postgres, lose-answers': 'B2: payments-postgres, lose-answers',
  'payments-postgres, half-open': 'B5: payments-postgres, half-open',
  'ledger-postgres, cut': 'G1: ledger-postgres, cut',
  'ledger-postgres, lose-answers': 'G2: ledger-postgres, lose-answers',
  'ledger-postgres, half-open': 'G5: ledger-postgres, half-open',
  'relay-postgres, cut': 'C13: relay-postgres, cut',
  'relay-postgres, lose-answers': 'C13: relay-postgres, lose-answers',
  'relay-rabbitmq, cut': 'D1: relay-rabbitmq, cut',
  'relay-rabbitmq, slow': 'D14: relay-rabbitmq, slow',
  'relay-rabbitmq, reset': 'D4: relay-rabbitmq, reset',
  'relay-rabbitmq, lose-answers': 'D2: relay-rabbitmq, lose-answers',
  'relay-rabbitmq, lose-requests': 'D3: relay-rabbitmq, lose-requests',
  'relay-rabbitmq, drip': 'D14: relay-rabbitmq, drip',
  'relay-rabbitmq, half-open': 'D2 D3: relay-rabbitmq, half-open',
};

/** With --all every link meets every fault; otherwise only those that are a row of the matrix. */
const table = linkNames.flatMap((link) =>
  faults.flatMap((fault) => {
    const what = `${link}, ${fault.kind}` as const;
    return named[what] || withAll ? [{ link, fault, name: named[what] ?? what }] : [];
  }),
);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start({
    env: {
      payments: timeouts,
      relay: { ...timeouts, PAID_ONCE_RELAY_CONFIRM_TIMEOUT_MS: '500' },
      ledger: timeouts,
    },
  });
});
afterAll(() => system.stop());
afterEach(() => system.stack.links.healAll());

describe('any link, broken in any way while payments are made', () => {
  it.each(table)('$name: after healing both ledgers agree', async ({ link, fault }) => {
    const before = (await system.compareUntilAgreed()).payments.count;
    const pids = processes();
    const options = { attemptTimeoutMs, concurrency: 4 };

    // Some rows race with the fault, the others certainly meet it.
    const racing = system.pay(rows, options);
    const [broken] = await system.stack.links.breakWith(link, fault);
    expect(broken && faultsOn(broken)).toMatchObject([{ fault }]);
    const meeting = system.pay(rows, options);
    await pause(isSilent(link, fault) ? silentBrokerMs : faultMs);
    if (holdsBack(link, fault)) expect(await system.transfersPosted()).toBeLessThan(before + 2 * rows);
    await system.stack.links.heal(link);

    for (const { summary } of await Promise.all([racing, meeting]))
      expect(summary).toMatchObject({ rows, refused: 0, failed: 0, accepted: expect.any(Number) });
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(before + 2 * rows));
    expect(processes()).toEqual(pids);
  });
});

const processes = () => Object.values(system.stack.services).map(({ pid }) => pid);

/** Whether a broker's client can learn of it from its heartbeats only. */
function isSilent(link: LinkName, { kind }: Fault): boolean {
  if (link !== 'relay-rabbitmq' && link !== 'ledger-rabbitmq') return false;
  return kind === 'lose-answers' || kind === 'lose-requests' || kind === 'half-open';
}

/** Whether no payment can get past the link while it is broken so: then what was made meanwhile is not posted yet. */
function holdsBack(link: LinkName, { kind }: Fault): boolean {
  if (link === 'payments-rabbitmq') return false; // only the first chapter's dual write uses it
  if (kind === 'cut' || kind === 'half-open') return true;
  if (link.endsWith('postgres')) return kind === 'lose-answers' || kind === 'lose-requests';
  // Payments and messages travel upstream on two links, and downstream from RabbitMQ to the ledger.
  return kind === (link === 'ledger-rabbitmq' ? 'lose-answers' : 'lose-requests');
}
