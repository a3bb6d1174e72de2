import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(90_000);

let system: TestStack;

beforeAll(async () => {
  system = await TestStack.start();
});
afterAll(() => system.stop());

describe('1,000 payments', () => {
  it('D1: are all answered 201 while RabbitMQ cannot be reached, and both ledgers agree to the cent once it can', async () => {
    let cut: Promise<unknown> | undefined;
    const { summary } = await system.pay(1_000, {
      run: 'the-run',
      onProgress: ({ done }) => {
        if (done > 300) cut ??= system.stack.links.break('relay-rabbitmq');
      },
    });
    await cut;
    expect(summary).toMatchObject({ rows: 1_000, attempts: 1_000, accepted: 1_000, failed: 0 });
    const during = await system.compare();
    expect(during.agree).toBe(false);
    expect(during.payments).toEqual({ count: 1_000, totals: { EUR: '1000.00' } });
    expect(during.breaks.inOutbox.count + during.breaks.inBroker.count).toBe(1_000 - during.ledger.count);
    expect(during.breaks.inOutbox.count).toBeGreaterThan(0);
    await system.stack.links.heal('relay-rabbitmq');
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(1_000));
    const stats = { count: 1_000, totals: { EUR: '1000.00' }, reversals: 0 };
    expect([await system.stats('payments'), await system.stats('ledger')]).toEqual([stats, stats]);
  });

  it('sent again with the same keys are 1,000 × 208, and nothing changes', async () => {
    const { summary } = await system.pay(1_000, { run: 'the-run' });
    expect(summary).toMatchObject({ rows: 1_000, attempts: 1_000, accepted: 0, replayed: 1_000 });
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(1_000));
  });

  it('leave no line at level error in any log', () => expect(system.errorsLogged).toEqual([]));
});

describe('a client that knows nothing but to repeat', () => {
  it('A1: posts with its old key header, retries at once on any failure, and pays once', async () => {
    const before = (await system.compare()).payments.count;
    await system.stack.links.addToxic('payment', {
      type: 'reset_peer',
      toxicity: 0.3,
      attributes: { timeout: 0 },
    });
    let sent = 0;
    for (let payment = 0; payment < 30; payment++) {
      for (let paid = false; !paid; sent++) {
        paid = await fetch(`${system.stack.urls.link}/payments/`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'Payment-Idempotence-Key': `old-client-${payment}`,
            connection: 'close',
          },
          body: JSON.stringify({ src: 'bianca', dest: 'marc', amount: '1' }),
        }).then(
          (response) => response.ok,
          () => false,
        );
      }
    }
    await system.stack.links.healAll();
    expect(sent).toBeGreaterThan(30);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(before + 30));
  });
});

describe('any link', () => {
  it.each([
    'payment',
    'payments-postgres',
    'relay-postgres',
    'relay-rabbitmq',
    'ledger-rabbitmq',
    'ledger-postgres',
  ])('%s, cut for a while under load, costs no payment and no process', async (link) => {
    const before = (await system.compareUntilAgreed()).payments.count;
    const pids = Object.values(system.stack.services).map(({ pid }) => pid);
    let cut: Promise<unknown> | undefined;
    const paying = system.pay(150, {
      onProgress: ({ done }) => {
        if (done > 40) cut ??= system.stack.links.break(link);
      },
    });
    await eventually(async () => {
      await cut;
      return cut !== undefined && (await system.stack.links.list()).some(({ enabled }) => !enabled);
    }, `${link} is cut`);
    await system.stack.links.heal(link);
    expect((await paying).summary).toMatchObject({ rows: 150, refused: 0, failed: 0 });
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(before + 150));
    expect(Object.values(system.stack.services).map(({ pid }) => pid)).toEqual(pids);
  });
});
