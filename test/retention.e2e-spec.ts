import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { agreement, eventually, TestStack } from './support/test-stack.js';

jest.setTimeout(120_000);

const payments = 20;

describe('retention in the running system', () => {
  let system: TestStack;
  beforeAll(async () => {
    const often = {
      PAID_ONCE_RETENTION_EVERY_SECONDS: '1',
      PAID_ONCE_OUTBOX_RETENTION_MINUTES: '5',
      PAID_ONCE_INBOX_RETENTION_MINUTES: '5',
    };
    system = await TestStack.start({
      env: { relay: { ...often, PAID_ONCE_REPAIR_EVERY_SECONDS: '1' }, ledger: often },
    });
  });
  afterAll(() => system.stop());

  const ask = async <Answer>(service: 'payments' | 'relay' | 'ledger', path: string, body?: object) => {
    const response = await fetch(`${system.stack.urls[service]}${path}`, {
      ...(body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    return (await response.json()) as Answer;
  };
  const removed = async (service: 'relay' | 'ledger') =>
    (await ask<{ retention: { removed: { messages?: number } } }>(service, '/status')).retention.removed
      .messages ?? 0;

  it('forgets in the inbox; what comes again is parked, its transfer is not doubled, and redriving it is safe', async () => {
    await system.pay(payments);
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(payments));
    // As if five minutes had passed: the window was raised beyond these messages, more than a minute ago.
    await system.sql(
      'ledger',
      `UPDATE inbox_window SET oldest = inbox_uuidv7_floor(now()), raised_at = now() - interval '2 min'`,
    );
    await eventually(async () => (await removed('ledger')) >= payments, 'the inbox forgets');
    await ask('payments', '/outbox/replays', { by: 'test', why: 'again', sinceSeconds: 3_600 });
    const parked = async () =>
      (
        await system.sql<{ count: number }>(
          'ledger',
          `SELECT count(*)::int AS count FROM parked_message WHERE reason = 'outside-dedup-window'
              AND type = 'payment.accepted'`,
        )
      )[0]?.count;
    await eventually(async () => (await parked()) === payments, 'all are parked');
    expect(await system.transfersPosted()).toBe(payments);
    await ask('ledger', '/parked/redrive', { by: 'test', why: 'it is safe', all: true, limit: 500 });
    expect(await parked()).toBe(0);
    expect(await system.transfersPosted()).toBe(payments);
    await system.sql('ledger', `UPDATE inbox_window SET oldest = inbox_uuidv7_floor(now() - interval '1 h')`);
  });

  it('removes verified history from the outbox under a role of its own, and says so once', async () => {
    await system.pay(5); // so that there is something to verify behind the last marker
    await system.sql(
      'payments',
      `UPDATE outbox_message SET created_at = created_at - interval '6 min' WHERE created_at < now()`,
    );
    await eventually(async () => (await removed('relay')) >= payments + 5, 'history is removed', 60_000);
    await eventually(
      () => system.logged.some((line) => line.startsWith('relay ') && /removed \d+ messages/.test(line)),
      'it is logged',
    );
    expect(await system.compareUntilAgreed()).toMatchObject(agreement(payments + 5));
  });

  it.each(['relay', 'ledger'] as const)(
    'K11: does not start a %s whose inbox would forget sooner than the outbox: exit 78, both variables named',
    (service) => {
      const role = service === 'relay' ? 'RELAY' : 'LEDGER';
      const { status, stderr } = spawnSync(process.execPath, [`dist/apps/${service}/src/main.js`], {
        encoding: 'utf8',
        timeout: 20_000, // one that starts all the same would run for ever
        env: {
          [`PAID_ONCE_${role}_DB_URL`]: 'postgres://a:b@127.0.0.1:1/c',
          [`PAID_ONCE_${role}_AMQP_URL`]: 'amqp://a:b@127.0.0.1:1/c',
          PAID_ONCE_OUTBOX_RETENTION_MINUTES: '30000',
        },
      });
      expect(status).toBe(78);
      expect(stderr).toMatch(
        /PAID_ONCE_INBOX_RETENTION_MINUTES: is less than PAID_ONCE_OUTBOX_RETENTION_MINUTES/,
      );
    },
  );
});
