import { afterEach, describe, expect, it } from '@jest/globals';
import { fakeService, run, type FakeService } from '../test/run.js';

const started: FakeService[] = [];
afterEach(() => Promise.all(started.splice(0).map((service) => service.stop())));
const fake = async (answers: Record<string, object | number>) => {
  const service = await fakeService(answers);
  started.push(service);
  return { payments: service, env: { PAID_ONCE_PAYMENTS_URL: service.url } };
};

const since = '2026-11-22T09:30:00.000Z';

describe('chapter', () => {
  it('shows the one that is on, and what each of the four leaves out', async () => {
    const { env } = await fake({ '/lab/chapter': { chapter: 2, since } });
    const { exitCode, stdout } = await run('chapter', env);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('▸ 2  never pay too little');
    for (const part of ['1  naive', '3  avoid paying twice', '4  paying exactly once', since])
      expect(stdout).toContain(part);
    const json = await run('chapter --json', env);
    expect(JSON.parse(json.stdout)).toEqual({ chapter: 2, since, name: 'never pay too little' });
  });

  it.each([
    [1, 'pay payments.csv --no-keys --no-retry'],
    [2, 'pay payments.csv --no-keys'],
    [3, 'pay payments.csv'],
    [4, 'pay payments.csv'],
  ])('%s switches, and says how to pay in it', async (chapter, pay) => {
    const { payments, env } = await fake({ '/lab/chapter': { chapter, since } });
    const { exitCode, stdout } = await run(`chapter ${chapter}`, env);
    expect(exitCode).toBe(0);
    expect(payments.requests).toEqual([{ line: 'PUT /lab/chapter', body: `{"chapter":${chapter}}` }]);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      `→ npx paid-once reset --yes   or   npx paid-once ${pay}`,
    );
  });

  it('exits 1 outside lab mode, where there are no chapters', async () => {
    const { env } = await fake({});
    const { exitCode, stderr } = await run('chapter 2', env);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('does not run in lab mode');
  });

  it('exits 3 when one side could not be switched, and says that money is unaffected', async () => {
    const { env } = await fake({ '/lab/chapter': 503 });
    const { exitCode, stderr } = await run('chapter 2', env);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('Money is unaffected');
  });
});

describe('compare', () => {
  it('in chapter 1 does not say of what is not posted that nothing is lost', async () => {
    const event = {
      paymentId: '019a0000-0000-7000-8000-000000000001',
      type: 'payment.accepted',
      messageId: 'm',
    };
    const digest = {
      bucket: '019a0000',
      count: 1,
      payments: 1,
      reversals: 0,
      totals: { EUR: '100' },
      hash: 'abc',
    };
    const ledger = await fakeService({
      '/digests': 200,
      '/export': 200,
      '/stations': [],
    });
    started.push(ledger);
    const { env } = await fake({
      '/digests': digest,
      '/export': { ...event, src: 'a', dest: 'b', amountMinor: '100', currency: 'EUR' },
      '/stations': [{ ...event, station: 'published', since }],
      '/lab/chapter': { chapter: 1, since },
    });
    const { stdout } = await run('compare', { ...env, PAID_ONCE_LEDGER_URL: ledger.url });
    expect(stdout).toContain('1 payment (EUR 1.00) is published and not yet posted');
    expect(stdout).toContain(
      'This is chapter 1, which keeps nothing to send again: what stays unposted is lost.',
    );
    expect(stdout).not.toContain('nothing is lost');
  });
});

describe('status', () => {
  it('names the chapter in lab mode, and none outside it', async () => {
    const lab = await fake({ '/lab/chapter': { chapter: 3, since } });
    expect((await run('status', lab.env)).stdout).toContain('lab mode, chapter 3: avoid paying twice');
    const { stdout } = await run('status --json', lab.env);
    expect(JSON.parse(stdout)).toMatchObject({ chapter: { chapter: 3, since } });
    const production = await fake({});
    expect((await run('status', production.env)).stdout).not.toContain('chapter');
  });
});
