import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { fakeService, run, type FakeAnswer, type FakeService } from '../test/run.js';

const stats = { count: 7, totals: { EUR: '7.00' }, reversals: 0 };
const repair = { every: 60, lastVerifiedAt: null, missingFound: 0, waitingFor: null };

const group = {
  reason: 'invalid',
  type: null,
  count: 1,
  totals: {},
  firstSeen: '2026-11-22T09:00:00.000Z',
  lastSeen: '2026-11-22T09:00:00.000Z',
  oldestSeconds: 9,
};

let atPayments: Record<string, FakeAnswer>;
let atRelay: Record<string, FakeAnswer>;
let services: FakeService[];
beforeEach(async () => {
  atPayments = {
    '/stats': stats,
    '/outbox/interventions': { open: 0, items: [] },
    '/outbox/dead-letters': { count: 0, groups: [] },
  };
  atRelay = {
    '/status': {
      published: 7,
      broker: { kind: 'up' },
      outbox: { pending: 0, oldestSeconds: null, deadLetters: 0 },
      repair,
    },
  };
  const atLedger = {
    '/stats': stats,
    '/status': { consumer: { kind: 'consuming' } },
    '/parked': { count: 0 },
    '/parked/groups': { count: 0, groups: [] },
  };
  services = await Promise.all([atPayments, atLedger, atRelay].map((answers) => fakeService(answers)));
});
afterEach(() => Promise.all(services.map((service) => service.stop())));

/** With nothing where Toxiproxy would be. */
const status = (env: NodeJS.ProcessEnv = {}) =>
  run('status', {
    PAID_ONCE_PAYMENTS_URL: services[0]?.url,
    PAID_ONCE_LEDGER_URL: services[1]?.url,
    PAID_ONCE_RELAY_URL: services[2]?.url,
    PAID_ONCE_TOXIPROXY_URL: undefined,
    PAID_ONCE_TOXIPROXY_PORT: '9',
    ...env,
  });

describe('status', () => {
  it('needs no links outside lab mode: exit 0', async () => {
    const { exitCode, stdout } = await status();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('relay-rabbitmq (no link)');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('→ npx paid-once compare');
  });

  it.each<[string, () => NodeJS.ProcessEnv]>([
    [
      'the lab has them',
      () => {
        atPayments['/lab/chapter'] = { chapter: 4, since: '2026-11-22T09:00:00.000Z' };
        return {};
      },
    ],
    ['somebody says where they are', () => ({ PAID_ONCE_TOXIPROXY_URL: 'http://127.0.0.1:9' })],
  ])('says that the links do not answer where %s: exit 3', async (_, given) => {
    const { exitCode, stdout } = await status(given());
    expect([exitCode, stdout.includes('Toxiproxy does not answer')]).toEqual([3, true]);
  });

  it('leads to what helps, which is no dead letter where repair is off', async () => {
    atRelay['/status'] = { ...(atRelay['/status'] as object), repair: { ...repair, every: 0 } };
    expect((await status()).stdout.trimEnd().split('\n').at(-1)).toBe(
      '→ npx paid-once replay --missing --why TEXT',
    );
  });

  it('tells what is dead in the outbox also while the ledger does not answer', async () => {
    atPayments['/outbox/dead-letters'] = { count: 1, groups: [group] };
    const { exitCode, stdout } = await status({ PAID_ONCE_LEDGER_URL: 'http://127.0.0.1:9' });
    expect(exitCode).toBe(3);
    expect(stdout).toContain('1 message (no money) dead in the outbox, the oldest for 9 s: invalid');
  });

  it('waits a minute for the totals of a large ledger', async () => {
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    await status();
    expect(timeout.mock.calls.filter(([ms]) => ms === 60_000)).toHaveLength(2);
    timeout.mockRestore();
  });

  it('leads to dead list where something is stuck', async () => {
    atPayments['/outbox/dead-letters'] = { count: 1, groups: [group] };
    expect((await status()).stdout.trimEnd().split('\n').at(-1)).toBe('→ npx paid-once dead list');
  });
});
