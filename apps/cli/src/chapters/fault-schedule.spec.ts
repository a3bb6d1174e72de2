import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { LinkControl } from '@paid-once/links';
import { fakeService, type FakeService } from '../test/run.js';
import { confirmTimeoutMs, faultsInWords, faultSteps } from './fault-schedule.js';

let service: FakeService;
let done: string[];
beforeEach(async () => {
  done = [];
  service = await fakeService({
    '/status': {
      published: 0,
      broker: { kind: 'up' },
      outbox: { pending: 0, oldestSeconds: null, deadLetters: 0 },
      consumer: { kind: 'consuming' },
    },
    '/lab/crash': { armed: 'ledger.after-commit' },
  });
});
afterEach(() => service.stop());

/** What the steps ask of the links, written down. */
const links = {
  breakWith: async (link: string, { kind }: { kind: string }) => void done.push(`${link} ${kind}`),
  heal: async (link: string) => void done.push(`${link} healed`),
} as unknown as LinkControl;

const steps = () => {
  const urls = { payments: '', link: '', toxiproxy: '', relay: service.url, ledger: service.url };
  const { signal } = new AbortController();
  return faultSteps({ links, urls, signal, brokerAdmin: service.url, paymentsPublishes: false });
};

describe('the faults of every chapter', () => {
  it('come one after the other: broker cut off, confirms lost, ledger killed, each over before the next', async () => {
    expect(steps().map(({ after, state }) => [after, state])).toEqual([
      [20, 'RabbitMQ is cut off'],
      [40, ''],
      [60, 'confirms get lost'],
      [80, ''],
      [85, 'the ledger dies between commit and ack'],
    ]);
    for (const { take } of steps()) {
      await take();
      done.push('.');
    }
    expect(done.join(', ')).toBe(
      'rabbitmq cut, ., rabbitmq healed, ., ' +
        'relay-rabbitmq lose-answers, payments-rabbitmq lose-answers, ., ' +
        'relay-rabbitmq healed, payments-rabbitmq healed, ., .',
    );
    expect(service.requests.at(-1)).toEqual({
      line: 'POST /lab/crash',
      body: '{"point":"ledger.after-commit"}',
    });
  });

  it('last until somebody has waited in vain for a confirm', async () => {
    const [, , lose, heal] = steps();
    await lose?.take();
    const brokenAt = performance.now();
    await heal?.take();
    expect(performance.now() - brokenAt).toBeGreaterThan(confirmTimeoutMs);
  });

  it('leave at least a seventh of the rows to the killed ledger, and a fifth to each other fault', () => {
    const afters = [...steps().map(({ after }) => after), 100];
    const [cut, healed, lost, found, killed, end] = afters as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    expect(healed - cut).toBeGreaterThanOrEqual(20);
    expect(found - lost).toBeGreaterThanOrEqual(20);
    expect(end - killed).toBeGreaterThanOrEqual(15);
  });

  it('are told in words, one for the client’s link and one for each other', () =>
    expect(faultsInWords).toHaveLength(4));
});
