import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fakeService, run as runCli, type FakeAnswer, type FakeService } from '../test/run.js';

const payment = '019a0000-0000-7000-8000-000000000001';
const messageId = '019a0000-0000-7000-8000-00000000000a';
const seen = {
  firstSeen: '2026-11-22T08:00:00.000Z',
  lastSeen: '2026-11-22T09:00:00.000Z',
  oldestSeconds: 7_200,
};
const invalid = {
  reason: 'invalid',
  type: 'payment.accepted',
  count: 3,
  totals: { EUR: '3.00' },
  ...seen,
};
const conflict = {
  reason: 'conflict',
  type: 'payment.reversed',
  count: 1,
  totals: { EUR: '-0.50' },
  ...seen,
};
const deadLetter = {
  id: '17',
  messageId,
  paymentId: payment,
  type: 'payment.accepted',
  reason: 'invalid',
  detail: 'src',
  diedAt: seen.firstSeen,
  shard: 2,
};
const parked = {
  id: '4',
  messageId,
  key: payment,
  type: 'payment.accepted',
  reason: 'poison',
  detail: 'it throws',
  attempts: 5,
  firstSeenAt: seen.firstSeen,
  lastSeenAt: seen.lastSeen,
};

let outboxAnswers: Record<string, FakeAnswer>;
let ledgerAnswers: Record<string, FakeAnswer>;
let payments: FakeService;
let ledger: FakeService;

beforeEach(async () => {
  outboxAnswers = { '/outbox/dead-letters': { count: 0, groups: [] } };
  ledgerAnswers = { '/parked/groups': { count: 0, groups: [] } };
  [payments, ledger] = [await fakeService(outboxAnswers), await fakeService(ledgerAnswers)];
});
afterEach(() => Promise.all([payments.stop(), ledger.stop()]));

const run = (args: string) =>
  runCli(args, { PAID_ONCE_PAYMENTS_URL: payments.url, PAID_ONCE_LEDGER_URL: ledger.url });
const both = () => {
  outboxAnswers['/outbox/dead-letters'] = { count: 3, groups: [invalid] };
  ledgerAnswers['/parked/groups'] = { count: 1, groups: [conflict] };
};
const bodiesOf = ({ requests }: FakeService, path: string) =>
  requests.filter(({ line }) => line === `POST ${path}`).map(({ body }): unknown => JSON.parse(body));

describe('dead list', () => {
  it('shows both sides by reason with count, money, ages, what it means and what helps', async () => {
    both();
    const { exitCode, stdout } = await run('dead list');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('In the outbox: what can never be published');
    expect(stdout).toContain(
      'invalid  3 messages (EUR 3.00) of payment.accepted, first seen 2 h 0 min ago, last seen 1 h 0 min ago',
    );
    expect(stdout).toContain('At the ledger: what it did not post');
    expect(stdout).toContain('the same message or event came before with other contents');
    expect(stdout).toContain('4 messages (EUR 2.50) in all: kept whole, not lost');
  });
  it('says so when nothing is stuck', async () =>
    expect((await run('dead list')).stdout).toContain('✓ Nothing is stuck'));
  it('prints one object with --json, meanings with it', async () => {
    both();
    const { count, totals, groups } = JSON.parse((await run('dead list --json')).stdout) as {
      count: number;
      totals: object;
      groups: object[];
    };
    expect([count, totals]).toEqual([4, { EUR: '2.50' }]);
    expect(groups).toEqual([
      { side: 'outbox', ...invalid, means: expect.any(String), helps: expect.any(String) },
      { side: 'ledger', ...conflict, means: expect.any(String), helps: expect.any(String) },
    ]);
  });
  it('asks for the dropped ones with --dropped', async () => {
    const { stdout } = await run('dead list --dropped');
    expect(stdout).toContain('Nothing was ever dropped.');
    expect([payments, ledger].map(({ requests }) => requests[0]?.line)).toEqual([
      'GET /outbox/dead-letters?dropped=true',
      'GET /parked/groups?dropped=true',
    ]);
  });
});

describe('dead show', () => {
  it('shows every message of a payment on both sides, with what is known of it', async () => {
    const dropped = { droppedAt: seen.lastSeen, droppedBy: 'ann', droppedWhy: 'paid by hand' };
    outboxAnswers['/outbox/dead-letters/messages'] = { items: [{ ...deadLetter, ...dropped }], next: null };
    ledgerAnswers['/parked'] = { count: 1, items: [parked], next: null };
    const { exitCode, stdout } = await run(`dead show ${payment}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('payment.accepted  dead in the outbox: invalid');
    expect(stdout).toContain('detail   src');
    expect(stdout).toContain(`${messageId}  (outbox row 17)`);
    expect(stdout).toContain('dropped  2026-11-22 09:00:00.000 by ann: paid by hand');
    expect(stdout).toContain('payment.accepted  parked at the ledger: poison');
    expect(stdout).toContain('attempts 5, first 2026-11-22 08:00:00.000, last 2026-11-22 09:00:00.000');
    expect(payments.requests[0]?.line).toBe(`GET /outbox/dead-letters/messages?payment=${payment}&limit=50`);
    expect(ledger.requests[0]?.line).toBe(`GET /parked?payment=${payment}&limit=50&dropped=true`);
  });
  it('S9: shows what others wrote on its own line, whatever it would have the terminal do', async () => {
    const type = 'x\n✓ all posted\u001b[2J\u009b8m';
    outboxAnswers['/outbox/dead-letters/messages'] = { items: [], next: null };
    ledgerAnswers['/parked'] = { count: 1, items: [{ ...parked, type, detail: `no ${type}` }], next: null };
    const { stdout } = await run(`dead show ${payment}`);
    expect(stdout).toMatch(/^✗ x\\u000a✓ all posted\\u001b\[2J\\u009b8m {2}parked at the ledger: poison$/m);
    expect(stdout).toMatch(/^[\n\P{Cc}]*$/u);
  });
  it('says that nothing is stuck for that reason', async () => {
    outboxAnswers['/outbox/dead-letters/messages'] = ledgerAnswers['/parked'] = { items: [], next: null };
    expect((await run('dead show poison')).stdout).toContain('Nothing is stuck with the reason poison.');
  });
});

describe('with one side away', () => {
  const away = (args: string) => runCli(args, { PAID_ONCE_PAYMENTS_URL: payments.url });
  it('dead list shows what the other has, and says which does not answer: exit 3', async () => {
    outboxAnswers['/outbox/dead-letters'] = { count: 3, groups: [invalid] };
    const { exitCode, stdout, stderr } = await away('dead list');
    expect(exitCode).toBe(3);
    expect(stdout).toContain('invalid  3 messages (EUR 3.00) of payment.accepted');
    expect(stdout).toContain('3 messages (EUR 3.00) on the side that answers');
    expect(stderr).toContain('The ledger does not answer');
    const json = JSON.parse((await away('dead list --json')).stdout) as object;
    expect(json).toMatchObject({ count: 3, error: expect.stringContaining('The ledger') });
  });
  it('dead show shows what the other has, and calls nothing gone that it cannot see: exit 3', async () => {
    outboxAnswers['/outbox/dead-letters/messages'] = { items: [deadLetter], next: null };
    const shown = await away(`dead show ${payment}`);
    expect([shown.exitCode, shown.stdout.includes('dead in the outbox: invalid')]).toEqual([3, true]);
    outboxAnswers['/outbox/dead-letters/messages'] = { items: [], next: null };
    const none = await away(`dead show ${payment}`);
    expect([none.exitCode, none.stdout.includes('Nothing is stuck')]).toEqual([3, false]);
  });
});

describe('dead redrive', () => {
  const open = { id: '7', kind: 'redrive', shard: 1, by: 'ann', why: 'x', requestedAt: seen.firstSeen };
  const none = { posted: 0, repeated: 0, parkedAgain: {} };
  beforeEach(() => {
    outboxAnswers['/outbox/dead-letters/redrive'] = { interventions: [], messages: 0 };
    ledgerAnswers['/parked/redrive'] = { redriven: none, remaining: 0 };
  });

  it('tries the ledger’s in portions until none remain, and says what became of them', async () => {
    const portions = [
      { redriven: { posted: 2, repeated: 1, parkedAgain: {} }, remaining: 2 },
      { redriven: { posted: 1, repeated: 0, parkedAgain: { conflict: 1 } }, remaining: 0 },
    ];
    ledgerAnswers['/parked/redrive'] = () => portions.shift() ?? 500;
    const { exitCode, stdout } = await run('dead redrive unsupported --why updated --by ann --rate 100');
    expect(bodiesOf(ledger, '/parked/redrive')).toEqual(
      Array.from({ length: 2 }, () => ({ by: 'ann', why: 'updated', reason: 'unsupported', limit: 100 })),
    );
    expect(stdout).toContain(
      '3 messages posted, 1 was posted before, and not again, 1 parked again (conflict 1)',
    );
    expect(stdout).toContain('1 message stuck again: kept, not lost');
    expect(exitCode).toBe(1);
  });
  it('keeps to the rate: portions of a second each', async () => {
    let portions = 0;
    ledgerAnswers['/parked/redrive'] = () => ({
      redriven: { ...none, posted: 50 },
      remaining: ++portions < 3 ? 1 : 0,
    });
    const startedAt = performance.now();
    await run('dead redrive --all --why x --rate 500');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(200);
    expect(bodiesOf(ledger, '/parked/redrive')[0]).toMatchObject({ all: true, limit: 500 });
  });
  it('waits until the relay has published the dead letters, and tells what still cannot be published', async () => {
    outboxAnswers['/outbox/dead-letters/redrive'] = { interventions: ['7'], messages: 3 };
    const looks = [
      { ...open, messages: 1, failure: null, finishedAt: null },
      { ...open, messages: 2, failure: '1 message is still invalid: src', finishedAt: seen.lastSeen },
    ];
    outboxAnswers['/outbox/interventions/7'] = () => looks.shift() ?? 500;
    const { exitCode, stdout, stderr } = await run('dead redrive --all --why x --json');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Asked the relay to publish 3 dead letters again.');
    expect(JSON.parse(stdout)).toMatchObject({
      outbox: { requested: 3, published: 2, stillDead: 1, failures: ['1 message is still invalid: src'] },
      ledger: none,
      why: 'x',
    });
  });
  it('gives up waiting when nothing moves, and says that it stays asked for', async () => {
    outboxAnswers['/outbox/dead-letters/redrive'] = { interventions: ['7'], messages: 3 };
    outboxAnswers['/outbox/interventions/7'] = { ...open, messages: 0, failure: null, finishedAt: null };
    const { exitCode, stderr } = await run('dead redrive --all --why x --timeout 0.2');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('Nothing has moved for 0.2 s: 1 intervention still open (shard 1).');
    expect(stderr).toContain('the relay does it as soon as it can');
  });
  it('does not wait with --no-wait', async () => {
    outboxAnswers['/outbox/dead-letters/redrive'] = { interventions: ['7'], messages: 3 };
    const { exitCode, stdout } = await run(`dead redrive ${payment} --why x --no-wait`);
    expect([exitCode, stdout.includes('3 messages asked for, not waited for')]).toEqual([0, true]);
    expect(stdout).toContain('Asked for, and not done yet');
    expect(stdout).not.toContain('Nothing of it is stuck any more');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('→ npx paid-once status');
    expect(bodiesOf(payments, '/outbox/dead-letters/redrive')).toMatchObject([{ payments: [payment] }]);
  });
  it('does not call a reversal stuck that waits for its payment', async () => {
    ledgerAnswers['/parked/redrive'] = {
      redriven: { ...none, posted: 1, parkedAgain: { 'waiting-for': 2 } },
      remaining: 0,
    };
    const { exitCode, stdout } = await run('dead redrive --all --why x');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('1 message posted, 2 still wait for their payments');
    expect(stdout).not.toContain('stuck again');
  });
  it('says of forged ones that they were not tried, and what would help: exit 1', async () => {
    ledgerAnswers['/parked/redrive'] = { redriven: none, remaining: 0, untrusted: 2 };
    const { exitCode, stdout } = await run('dead redrive forged --why x');
    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      '2 messages not tried: forged, and the ledger trusts none of those who published them.',
    );
    expect(stdout).toContain('PAID_ONCE_LEDGER_TRUSTS');
    expect(stdout).toContain('→ npx paid-once dead show forged');
    expect(stdout).not.toContain('Nothing is stuck');
  });
  it('says of forged ones that they were not tried when others were: exit 1', async () => {
    ledgerAnswers['/parked/redrive'] = { redriven: { ...none, posted: 4 }, remaining: 0, untrusted: 1 };
    const { exitCode, stdout } = await run('dead redrive --all --why x');
    expect([exitCode, stdout.includes('4 messages posted'), stdout.includes('1 message not tried')]).toEqual([
      1,
      true,
      true,
    ]);
  });
  it('waits for a full portion longer than for other answers', async () => {
    ledgerAnswers['/parked/redrive'] = { redriven: { ...none, posted: 1 }, remaining: 0 };
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    await run('dead redrive poison --why x');
    expect(timeout.mock.calls).toEqual([[10_000], [120_000]]);
    timeout.mockRestore();
  });
  it('does not ask the ledger for a reason that only the relay gives: it would refuse it', async () => {
    await run('dead redrive behind --why x');
    expect([payments.requests.length, ledger.requests.length]).toEqual([1, 0]);
  });
  it('says that there is nothing when nothing is stuck: exit 0', async () => {
    const { exitCode, stdout } = await run('dead redrive --all --why x');
    expect([exitCode, stdout.includes('Nothing is stuck: nothing was tried.')]).toEqual([0, true]);
  });
  it('shows its progress on stderr', async () => {
    let left = 3;
    ledgerAnswers['/parked/redrive'] = () => ({ redriven: { ...none, posted: 1 }, remaining: --left });
    expect((await run('dead redrive --all --why x --rate 1')).stderr).toMatch(
      /\d\/3 parked messages · tried again/,
    );
  });
});

describe('dead drop', () => {
  beforeEach(() => {
    both();
    outboxAnswers['/outbox/dead-letters/drop'] = { dropped: 3 };
    ledgerAnswers['/parked/drop'] = { dropped: 1 };
  });

  it('takes a reason of 1,000 characters, and says of a longer one what the services would say', async () => {
    ledgerAnswers['/parked/drop'] = outboxAnswers['/outbox/dead-letters/drop'] = { dropped: 0 };
    const drop = (flags: string) => run(`dead drop --all --count 4 --json ${flags}`);
    expect((await drop(`--why ${'x'.repeat(1_000)}`)).stderr).not.toContain('characters');
    for (const flags of [`--why ${'x'.repeat(1_001)}`, `--why x --by ${'x'.repeat(201)}`]) {
      const { exitCode, stderr } = await drop(flags);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/must have at most (1000|200) characters/);
    }
  });
  it('drops on both sides when the count is right, with who and why', async () => {
    const { exitCode, stdout } = await run('dead drop --all --count 4 --why obsolete --by ann');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Dropped 4 messages, by ann: obsolete');
    const who = { by: 'ann', why: 'obsolete', all: true };
    expect(bodiesOf(payments, '/outbox/dead-letters/drop')).toEqual([{ ...who, expect: 3 }]);
    expect(bodiesOf(ledger, '/parked/drop')).toEqual([{ ...who, expect: 1 }]);
  });
  it('with another count says both counts and drops nothing: exit 1', async () => {
    for (const count of [5, 3]) {
      const { exitCode, stderr } = await run(`dead drop --all --count ${count} --why obsolete`);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`You said ${count} messages; there are 4: 3 in the outbox, 1 at the ledger.`);
      expect(stderr).toContain('Nothing was dropped.');
    }
    expect([...payments.requests, ...ledger.requests].some(({ line }) => line.startsWith('POST'))).toBe(
      false,
    );
  });
  it('leaves a side alone on which there is none of that reason', async () => {
    await run('dead drop conflict --count 1 --why obsolete');
    expect(bodiesOf(payments, '/outbox/dead-letters/drop')).toEqual([]);
    expect(bodiesOf(ledger, '/parked/drop')).toMatchObject([{ reason: 'conflict', expect: 1 }]);
  });
  it('counts a payment’s messages without those dropped before', async () => {
    outboxAnswers['/outbox/dead-letters/messages'] = { items: [{ ...deadLetter, droppedAt: seen.lastSeen }] };
    ledgerAnswers['/parked'] = { items: [parked] };
    expect((await run(`dead drop ${payment} --count 1 --why x`)).exitCode).toBe(0);
    expect(payments.requests.some(({ line }) => line.startsWith('POST'))).toBe(false);
  });
  it('says what was dropped before a side refused because the number had changed', async () => {
    ledgerAnswers['/parked/drop'] = 409;
    const { exitCode, stderr } = await run('dead drop --all --count 4 --why obsolete');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('3 messages of the outbox were dropped before, nothing at the ledger.');
  });
  it('says what was dropped before a side did not answer, and with which count to go on', async () => {
    ledgerAnswers['/parked/drop'] = 503;
    const { exitCode, stderr } = await run('dead drop --all --count 4 --why obsolete');
    expect(exitCode).toBe(3);
    expect(stderr).toContain(
      '3 messages of the outbox were dropped before; whether the ledger dropped its 1 is not known.',
    );
    expect(stderr).toContain('--count 1');
  });
});

it.each(['dead redrive --all', 'dead drop --all --count 4', 'replay --since 1h'])(
  '%s without a reason asks for nothing: exit 2',
  async (command) => {
    for (const why of ['', '--why=']) expect((await run(`${command} ${why}`)).exitCode).toBe(2);
    expect([...payments.requests, ...ledger.requests]).toEqual([]);
  },
);
