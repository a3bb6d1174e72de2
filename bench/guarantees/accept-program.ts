// Payments as the service takes them, without HTTP: 64 callers, each with one payment at a time, share transactions.
import { randomUUID } from 'node:crypto';
import { outboxEntities } from '@paid-once/outbox';
import { Batcher, inOneStatement, postgresOptions } from '@paid-once/service';
import { DataSource } from 'typeorm';
import { statementFor } from '../../apps/payments/src/accept-batch.js';
import type { PaymentCommand } from '../../apps/payments/src/payment-command.js';
import { PaymentEvent } from '../../apps/payments/src/payment-event.entity.js';
import { paymentEvents } from '../../apps/payments/src/sql/payment-events.js';
import { environment } from '../rig/environment.js';
import { readyAndGo } from '../rig/program.js';

const callers = 64;
const payments = Number(environment('BENCH_PAYMENTS'));
const withoutOutbox = { pay: `WITH ${paymentEvents} SELECT * FROM event`, reverse: '' };
const sql = process.env['BENCH_WITHOUT'] === 'outbox' ? withoutOutbox : undefined;
const database = await new DataSource(
  postgresOptions({
    url: environment('PAID_ONCE_PAYMENTS_DB_URL'),
    process: 'payments',
    poolSize: 10,
    entities: [PaymentEvent, ...outboxEntities],
  }),
).initialize();
const batcher = new Batcher<PaymentCommand, unknown>({
  maxSize: 200,
  lanes: 2,
  run: (commands) => inOneStatement(database, statementFor(commands, 100, sql)),
});

await readyAndGo(async () => {
  let taken = 0;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (taken < payments) await batcher.add(payment(taken++));
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { messages: taken, seconds, cpuMs: (user + system) / 1_000 };
});
process.exit();

function payment(n: number): PaymentCommand {
  return {
    kind: 'pay',
    client: 'bench',
    idempotencyKey: randomUUID(),
    src: `account-${n % 1_000}`,
    dest: `account-${(n % 1_000) + 1}`,
    amountMinor: BigInt(1 + (n % 1_000)),
    currency: 'EUR',
    reference: null,
  };
}
