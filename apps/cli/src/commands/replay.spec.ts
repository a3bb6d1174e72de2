import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeService, run as runCli, type FakeAnswer, type FakeService } from '../test/run.js';

const payment = (n: number) => `019a0000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const done = {
  id: '3',
  kind: 'replay',
  shard: 0,
  by: 'ann',
  why: 'x',
  requestedAt: '2026-11-22T08:00:00.000Z',
  messages: 2,
  failure: null,
  finishedAt: '2026-11-22T08:00:01.000Z',
};

let answers: Record<string, FakeAnswer>;
let payments: FakeService;
beforeEach(async () => {
  answers = {
    '/outbox/replays': { interventions: ['3'], messages: 2, notInHistory: [] },
    '/outbox/interventions/3': done,
  };
  payments = await fakeService(answers);
});
afterEach(() => payments.stop());

const run = (args: string) => runCli(args, { PAID_ONCE_PAYMENTS_URL: payments.url });
const asked = () =>
  payments.requests
    .filter(({ line }) => line === 'POST /outbox/replays')
    .map(({ body }): unknown => JSON.parse(body));

describe('replay', () => {
  it.each([
    ['90s', 90],
    ['30m', 1_800],
    ['2h', 7_200],
    ['1d', 86_400],
  ])(
    '--since %s asks for %d seconds, waits, and says how many were published again',
    async (text, sinceSeconds) => {
      const { exitCode, stdout, stderr } = await run(`replay --since ${text} --why restored --by ann`);
      expect(exitCode).toBe(0);
      expect(asked()).toEqual([{ by: 'ann', why: 'restored', sinceSeconds }]);
      expect(stderr).toContain('Asked the relay to publish about 2 messages of the last');
      expect(stdout).toContain('✓ 2 messages published again, by ann: restored');
      expect(stdout).toContain('is not posted again');
    },
  );
  it('--payment takes several', async () => {
    await run(`replay --payment ${payment(1)} ${payment(2)} --why x`);
    expect(asked()).toMatchObject([{ payments: [payment(1), payment(2)] }]);
  });
  it('names payments that were never accepted: exit 1', async () => {
    answers['/outbox/replays'] = { interventions: [], messages: 0, notInHistory: [payment(9)] };
    const { exitCode, stdout } = await run(`replay --payment ${payment(9)} --why x`);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`Payments never accepted ${payment(9)}`);
  });
  it('says what goes out anew since retention had removed it', async () => {
    answers['/outbox/replays'] = { interventions: [], messages: 2, enqueuedAnew: 2, notInHistory: [] };
    const { exitCode, stdout } = await run(`replay --payment ${payment(1)} --why x`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('✓ 2 messages that retention had removed put into the outbox anew');
    expect(stdout).not.toContain('0 messages');
  });
  it('tells what a replay does not publish: a dead letter, exit 1; what waits for the relay, exit 0', async () => {
    const nothing = { interventions: [], messages: 0, notInHistory: [] };
    answers['/outbox/replays'] = { ...nothing, deadLetters: 1 };
    const dead = await run(`replay --payment ${payment(1)} --why x`);
    expect(dead.exitCode).toBe(1);
    expect(dead.stdout).toContain('1 dead letter not published');
    expect(dead.stdout).toContain('dead redrive PAYMENT');
    answers['/outbox/replays'] = { ...nothing, interventions: ['3'], messages: 1, pending: 1 };
    answers['/outbox/interventions/3'] = { ...done, messages: 0 };
    const pending = await run(`replay --payment ${payment(1)} --why x`);
    expect(pending.exitCode).toBe(0);
    expect(pending.stdout).toContain('1 message not published yet when this was asked for: nothing to do');
    for (const { stdout } of [dead, pending]) {
      expect(stdout).toContain('Nothing was published again.');
      expect(stdout).not.toContain('✓');
    }
  });
  it('prints one object with --json', async () => {
    const { stdout } = await run('replay --since 2h --why x --by ann --json');
    expect(JSON.parse(stdout)).toEqual({
      requested: 2,
      published: 2,
      enqueuedAnew: 0,
      deadLetters: 0,
      pending: 0,
      notInHistory: [],
      failures: [],
      interventions: ['3'],
      by: 'ann',
      why: 'x',
    });
  });
  it('with --no-wait only asks', async () => {
    answers['/outbox/interventions/3'] = 500;
    const { exitCode, stdout } = await run('replay --since 2h --why x --no-wait');
    expect([exitCode, stdout.includes('Not waited for')]).toEqual([0, true]);
  });
  it('tells what an intervention could not do: exit 1', async () => {
    answers['/outbox/interventions/3'] = { ...done, messages: 1, failure: '1 message is a dead letter now' };
    const { exitCode, stdout } = await run('replay --since 2h --why x');
    expect([exitCode, stdout.includes('1 message is a dead letter now')]).toEqual([1, true]);
  });

  describe('--missing', () => {
    const event = { paymentId: payment(1), type: 'payment.accepted', messageId: payment(7) };
    let ledger: FakeService;
    let atLedger: Record<string, FakeAnswer>;
    beforeEach(async () => {
      answers['/digests/bound'] = { olderThan: payment(8), at: '2026-11-22T08:00:00.000Z' };
      answers['/outbox/markers'] = { set: 's', shards: 1 };
      answers['/outbox/markers/s'] = { markers: [{ messageId: payment(9), publishedAt: done.requestedAt }] };
      const totals = { EUR: '100' };
      answers['/digests'] = { bucket: '019a0000', count: 1, payments: 1, reversals: 0, totals, hash: 'a' };
      answers['/export'] = { ...event, src: 'a', dest: 'b', amountMinor: '100', currency: 'EUR' };
      answers['/stations'] = [
        { ...event, station: 'published', since: done.requestedAt, beforeMarker: true },
      ];
      atLedger = {
        '/inbox/markers': { arrived: [payment(9)], deadLettersInBroker: 0 },
        '/digests': 200,
        '/export': 200,
        '/stations': [],
      };
      ledger = await fakeService(atLedger);
    });
    afterEach(() => ledger.stop());
    const replayMissing = (flags = '') =>
      runCli(`replay --missing --why lost ${flags}`, {
        PAID_ONCE_PAYMENTS_URL: payments.url,
        PAID_ONCE_LEDGER_URL: ledger.url,
      });

    it('publishes what was published before a marker and is not at the ledger when the marker is', async () => {
      const { exitCode, stdout } = await replayMissing();
      expect(exitCode).toBe(0);
      expect(asked()).toMatchObject([{ payments: [payment(1)], why: 'lost' }]);
      expect(stdout).toContain('✓ 2 messages published again');
    });
    it('publishes nothing again when nothing is missing', async () => {
      for (const station of ['outbox', 'published']) {
        answers['/stations'] = [{ ...event, station, since: done.requestedAt, beforeMarker: false }];
        const { exitCode, stdout } = await replayMissing();
        expect([exitCode, stdout.includes('✓ Nothing is missing'), asked()]).toEqual([0, true, []]);
      }
    });
    it('calls nothing missing as long as no marker has come through: exit 3', async () => {
      atLedger['/inbox/markers'] = { arrived: [], deadLettersInBroker: 0 };
      const { exitCode, stderr } = await replayMissing('--timeout 0.3');
      expect([exitCode, asked()]).toEqual([3, []]);
      expect(stderr).toContain(
        'No marker came through within 0.3 s: what was published may still be on its way.',
      );
    });
  });
});
