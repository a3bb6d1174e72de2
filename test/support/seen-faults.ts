import { parkedQueue } from '@paid-once/contracts';
import type { RabbitServer } from '@paid-once/infrastructure';
import type { Fault, LinkName } from '@paid-once/links';
import type { BrokerOperator } from './broker-admin.js';
import {
  failing,
  ledger,
  payments,
  roleFaults,
  serverFaults,
  type DatabaseFault,
  type Subject,
} from './database-faults.js';
import { isOutboxDrained } from './relay-status.js';
import { eventually, type TestStack } from './test-stack.js';
import { setUpAgain } from './wipe-broker.js';

export interface Scene {
  system: TestStack;
  broker: RabbitServer;
  operator: BrokerOperator;
  /** Each of EUR 1; it waits until all are answered. */
  pay: (rows: number, options?: { concurrency: number }) => Promise<void>;
}

/** PAID_ONCE_PAYMENTS_BACKLOG of this system. */
export const backlog = 40;

type Process = 'payments' | 'relay' | 'ledger' | 'console';

export interface SeenFault {
  /** Begins with the ids of its rows of the fault matrix, if it is one. */
  title: string;
  /** Breaks it. @returns how to make it whole again */
  inject: (scene: Scene) => Promise<() => Promise<unknown>>;
  /** Whether clients pay while it lasts; those that are refused try again until it is over. */
  pays: boolean;
  /** What `/metrics` of a process says while it lasts: a series that has this value, exceeds it, or grows. */
  metric:
    [of: Process, series: string, is: number | 'grows' | { above: number }] | [of: Process, is: 'silent'];
  /** The alert that must fire, with the labels that matter. */
  alert: string;
  /** One line when it begins and one when it is over, in the log of this process. */
  log: [of: Process, begins: RegExp, ends: RegExp];
}

const cut =
  (link: LinkName, fault: Fault = { kind: 'cut' }): SeenFault['inject'] =>
  async ({ system }) => {
    await system.stack.links.breakWith(link, fault);
    return () => system.stack.links.healAll();
  };

const database =
  (id: string, subject: Subject): SeenFault['inject'] =>
  ({ system }) =>
    faultOf(id).inject(system, subject);

function faultOf(id: string): DatabaseFault {
  const found = [...serverFaults, ...roleFaults].find(({ title }) => title.split(' ')[0] === id);
  if (!found) throw new Error(`Bug: no fault of a database is called ${id}`);
  return found;
}

const ctl =
  (begin: string[], end: string[]): SeenFault['inject'] =>
  async ({ broker }) => {
    await broker.ctl(begin);
    return () => broker.ctl(end);
  };

const freezing =
  (service: 'payments' | 'relay' | 'ledger'): SeenFault['inject'] =>
  async ({ system }) => {
    await system.stack.services[service].kill('SIGSTOP');
    return async () => system.stack.services[service].kill('SIGCONT');
  };

/** At once: the list that the management API has is some seconds old. */
const closeConnections = (broker: RabbitServer) =>
  broker.ctl(['close_all_connections', '--vhost', broker.vhost, 'injected']);

async function ask(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'test', why: 'the fault is over', ...body }),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

const takesPayments: SeenFault['log'] = [
  'payments',
  /"waiting for Postgres to take payments: /,
  /Postgres to take payments is back after/,
];
const relayDatabase: SeenFault['log'] = [
  'relay',
  /"waiting for Postgres at /,
  /Postgres at \S+ is back after/,
];
const relayBroker: SeenFault['log'] = ['relay', /"waiting for RabbitMQ at /, /RabbitMQ at \S+ is back after/];
const relayPasses: SeenFault['log'] = [
  'relay',
  /"waiting for passes over the outbox to succeed: /,
  /passes over the outbox to succeed is back after/,
];
const intoLedger: SeenFault['log'] = [
  'ledger',
  /"waiting for the way from RabbitMQ into the database: /,
  /the way from RabbitMQ into the database is back after/,
];
const silent = (name: Process): SeenFault['log'] => [
  'console',
  RegExp(`the ${name} process does not tell how it is: `),
  RegExp(`over after .* the ${name} process does not tell`),
];

const ready = (of: Process, check: string): SeenFault['metric'] => [
  of,
  `paid_once_ready{check="${check}"}`,
  0,
];
const refused = (outcome: string): SeenFault['metric'] => [
  'payments',
  `paid_once_payments_requests_total{outcome="${outcome}"}`,
  'grows',
];
const published = (outcome: string): SeenFault['metric'] => [
  'relay',
  `paid_once_relay_published_total{outcome="${outcome}"}`,
  'grows',
];
export const seenFaults: SeenFault[] = [
  {
    title: 'A8: payments of which more are asked than may wait',
    inject: async (scene) => {
      const unlock = await database('B6', payments)(scene);
      const flood = scene.pay(4 * backlog, { concurrency: 4 * backlog });
      return async () => {
        await unlock();
        await flood;
      };
    },
    pays: false,
    metric: refused('overloaded'),
    alert: 'PaymentsRefused outcome=overloaded',
    log: takesPayments,
  },
  {
    title: 'B1: payments without its database',
    inject: cut('payments-postgres'),
    pays: true,
    metric: ready('payments', 'database'),
    alert: 'NotReady check=database instance=payments',
    log: takesPayments,
  },
  {
    title: 'B2: payments whose database’s answers are lost',
    inject: cut('payments-postgres', { kind: 'lose-answers' }),
    pays: true,
    metric: refused('outcome-unknown'),
    alert: 'OutcomesUnknown',
    log: takesPayments,
  },
  {
    title: 'B5: payments whose database hangs',
    inject: cut('payments-postgres', { kind: 'half-open' }),
    pays: true,
    metric: ready('payments', 'database'),
    alert: 'NotReady check=database instance=payments',
    log: takesPayments,
  },
  {
    title: 'B6: payments whose table somebody locks',
    inject: database('B6', payments),
    pays: true,
    metric: refused('temporarily-unavailable'),
    alert: 'PaymentsRefused outcome=temporarily-unavailable',
    log: takesPayments,
  },
  {
    title: 'B7: payments for which Postgres has no connection left',
    inject: database('B7', payments),
    pays: true,
    metric: ready('payments', 'database'),
    alert: 'NotReady check=database instance=payments',
    log: takesPayments,
  },
  {
    title: 'B8: payments whose every transaction fails to serialize',
    inject: ({ system }) => failing(system, payments, '40001'),
    pays: true,
    metric: refused('temporarily-unavailable'),
    alert: 'PaymentsRefused outcome=temporarily-unavailable',
    log: takesPayments,
  },
  {
    title: 'B10: payments whose database says that it is full',
    inject: ({ system }) => failing(system, payments, '53100'),
    pays: true,
    metric: refused('storage'),
    alert: 'DiskFull',
    log: takesPayments,
  },
  {
    title: 'B12: payments whose database is read-only',
    inject: database('B12', payments),
    pays: true,
    metric: ready('payments', 'database'),
    alert: 'NotReady check=database instance=payments',
    log: takesPayments,
  },
  {
    title: 'B13: a payments database that is dead',
    inject: database('B13', payments),
    pays: true,
    metric: ready('relay', 'database'),
    alert: 'NotReady check=database instance=relay',
    log: relayDatabase,
  },
  {
    title: 'C2: a transaction that stays open',
    inject: ({ system }) => system.holdTransaction('payments', 'SELECT pg_current_xact_id()'),
    pays: true,
    metric: ['relay', 'paid_once_outbox_open_transaction_seconds', { above: 3 }],
    alert: 'TransactionStaysOpen',
    log: [
      'relay',
      /a transaction of the payments database stays open: /,
      /over after .* a transaction of the payments database/,
    ],
  },
  {
    title: 'C7: a relay that is frozen',
    inject: freezing('relay'),
    pays: false,
    metric: ['relay', 'silent'],
    alert: 'ProcessDown instance=relay',
    log: silent('relay'),
  },
  {
    title: 'C8: a message that can never be published',
    inject: async ({ system }) => {
      await system.sql(
        'payments',
        `INSERT INTO outbox_message (shard, run_id, type, key, payload)
         SELECT 0, run_id, 'payment.accepted', 'poison', repeat('x', 2000000) FROM outbox_settings`,
      );
      return () => ask(`${system.stack.urls.payments}/outbox/dead-letters/drop`, { all: true, expect: 1 });
    },
    pays: true,
    metric: ['relay', 'paid_once_outbox_dead_letters{shard="0"}', 1],
    alert: 'DeadLetters',
    log: [
      'relay',
      /messages were given up in the outbox: 1\. .*"messageIds":\["[0-9a-f-]{36}"\],"paymentIds":\["poison"\]/,
      /over after .* messages were given up in the outbox/,
    ],
  },
  {
    title: 'C13: the relay without its database',
    inject: cut('relay-postgres'),
    pays: true,
    metric: ready('relay', 'database'),
    alert: 'NotReady check=database instance=relay',
    log: relayDatabase,
  },
  {
    title: 'a relay that cannot hold its shards',
    inject: async ({ system }) => {
      await system.sql('payments', 'ALTER ROLE relay CONNECTION LIMIT 0');
      await system.sql(
        'payments',
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'paid-once relay locks'`,
      );
      return () => system.sql('payments', 'ALTER ROLE relay CONNECTION LIMIT -1');
    },
    pays: false,
    metric: ['relay', 'paid_once_outbox_shard_owned{shard="0"}', 0],
    alert: 'ShardWithoutOwner shard=0',
    log: relayDatabase,
  },
  {
    title: 'D1: the relay without RabbitMQ',
    inject: cut('relay-rabbitmq'),
    pays: true,
    metric: ['relay', 'paid_once_outbox_oldest_age_seconds{shard="*"}', { above: 3 }],
    alert: 'OutboxGrows',
    log: relayBroker,
  },
  {
    title: 'D2: a broker whose confirms do not arrive',
    inject: cut('relay-rabbitmq', { kind: 'lose-answers' }),
    pays: true,
    metric: published('unreachable'),
    alert: 'OutboxGrows',
    log: relayBroker,
  },
  {
    title: 'D3: a broker that no message reaches',
    inject: cut('relay-rabbitmq', { kind: 'lose-requests' }),
    pays: true,
    metric: published('unreachable'),
    alert: 'OutboxGrows',
    log: relayBroker,
  },
  {
    title: 'D7: a queue that takes no more',
    inject: async ({ system, operator }) => {
      await system.stack.links.break('ledger-rabbitmq');
      await operator.setPolicy({ 'max-length': 1 });
      return async () => {
        await operator.removePolicy();
        await system.stack.links.healAll();
      };
    },
    pays: true,
    metric: published('refused'),
    alert: 'BrokerTakesNothing outcome=refused',
    log: relayPasses,
  },
  {
    title: 'D8: an exchange without its queues',
    inject: async ({ system, operator }) => {
      for (const queue of await operator.queues()) await operator.deleteQueue(queue);
      return () => setUpAgain(system.stack);
    },
    pays: true,
    metric: published('unroutable'),
    alert: 'NoQueueTakesIt',
    log: relayPasses,
  },
  {
    title: 'D9: a broker without its exchange',
    inject: async ({ system, operator }) => {
      await operator.deleteExchange('payments');
      return () => setUpAgain(system.stack);
    },
    pays: true,
    metric: ready('relay', 'broker'),
    alert: 'NotReady check=broker instance=relay',
    log: relayPasses,
  },
  {
    title: 'D10 E4: a broker that is short of memory',
    inject: ctl(['set_vm_memory_high_watermark', '0.00001'], ['set_vm_memory_high_watermark', '0.6']),
    pays: true,
    metric: ready('relay', 'broker'),
    alert: 'NotReady check=broker instance=relay',
    log: relayBroker,
  },
  {
    title: 'D12: a relay whose permission was revoked',
    inject: async ({ broker, operator }) => {
      await operator.setPermissions('relay', '^$');
      await closeConnections(broker);
      return () => operator.setPermissions('relay', '^payments$');
    },
    pays: true,
    metric: ready('relay', 'publishing'),
    alert: 'NotReady check=publishing instance=relay',
    log: relayPasses,
  },
  {
    title: 'D12 H10: a relay whose password is no longer right',
    inject: async ({ system, broker, operator }) => {
      await operator.setPassword('relay', 'another');
      await closeConnections(broker);
      const { password } = new URL(system.stack.env['PAID_ONCE_RELAY_AMQP_URL'] ?? '');
      return () => operator.setPassword('relay', decodeURIComponent(password));
    },
    pays: true,
    metric: ready('relay', 'broker'),
    alert: 'NotReady check=broker instance=relay',
    log: relayBroker,
  },
  {
    title: 'E1: a broker that is stopped',
    inject: ctl(['stop_app'], ['start_app']),
    pays: true,
    metric: ready('ledger', 'broker'),
    alert: 'LedgerTakesNothing',
    log: intoLedger,
  },
  {
    title: 'E3: a broker that is frozen',
    inject: async ({ broker }) => {
      await broker.kill('SIGSTOP');
      return () => broker.kill('SIGCONT');
    },
    pays: true,
    metric: ready('relay', 'broker'),
    alert: 'NotReady check=broker instance=relay',
    log: relayBroker,
  },
  {
    title: 'E6: a broker that loses what it has confirmed',
    inject: async ({ system, broker, pay }) => {
      await system.stack.links.break('ledger-rabbitmq');
      await pay(5);
      await eventually(() => isOutboxDrained(system), 'RabbitMQ has confirmed all');
      const [last] = await system.sql<{ shard: number }>(
        'payments',
        'SELECT shard FROM outbox_message ORDER BY id DESC LIMIT 1',
      );
      await broker.ctl(['purge_queue', '-p', broker.vhost, `ledger.payments.${last?.shard}`]);
      await system.stack.links.heal('ledger-rabbitmq');
      return async () => {};
    },
    pays: false,
    metric: ['relay', 'paid_once_repair_missing_total', { above: 0 }],
    alert: 'BrokerLostMessages',
    log: ['relay', /were confirmed by RabbitMQ and never reached the ledger/, /repaired: the ledger has the/],
  },
  {
    title: 'F3: a ledger without RabbitMQ',
    inject: cut('ledger-rabbitmq'),
    pays: true,
    metric: ['ledger', 'paid_once_ledger_consuming', 0],
    alert: 'LedgerTakesNothing',
    log: intoLedger,
  },
  {
    title: 'a ledger that may not read its queues',
    inject: async ({ system, broker, operator }) => {
      await operator.setPermissions('ledger', '^$'); // it only reads
      await closeConnections(broker);
      return () => setUpAgain(system.stack);
    },
    pays: true,
    metric: ['ledger', 'paid_once_queue_consumers{queue="ledger.payments.0"}', 0],
    alert: 'QueueWithoutConsumer queue=ledger.payments.0',
    log: intoLedger,
  },
  {
    title: 'G1: a ledger without its database',
    inject: cut('ledger-postgres'),
    pays: true,
    metric: ready('ledger', 'database'),
    alert: 'NotReady check=database instance=ledger',
    log: intoLedger,
  },
  {
    title: 'G5: a ledger whose database hangs',
    inject: cut('ledger-postgres', { kind: 'half-open' }),
    pays: true,
    metric: ready('ledger', 'database'),
    alert: 'NotReady check=database instance=ledger',
    log: intoLedger,
  },
  {
    title: 'G7: a ledger for which Postgres has no connection left',
    inject: database('B7', ledger),
    pays: true,
    metric: ready('ledger', 'database'),
    alert: 'NotReady check=database instance=ledger',
    log: intoLedger,
  },
  {
    title: 'G8: a ledger whose database is dead',
    inject: database('B13', ledger),
    pays: true,
    metric: ready('ledger', 'database'),
    alert: 'NotReady check=database instance=ledger',
    log: intoLedger,
  },
  {
    title: 'F4 G12: messages that the ledger’s table refuses',
    inject: async ({ system }) => {
      await system.sql('ledger', 'ALTER TABLE transfer ADD CONSTRAINT injected CHECK (false) NOT VALID');
      return async () => {
        await system.sql('ledger', 'ALTER TABLE transfer DROP CONSTRAINT injected');
        await ask(`${system.stack.urls.ledger}/parked/redrive`, { all: true });
      };
    },
    pays: true,
    metric: ['ledger', 'paid_once_ledger_parked{reason="invalid"}', { above: 0 }],
    alert: 'MessagesParked reason=invalid',
    log: [
      'ledger',
      /messages are set aside as invalid: \d+\. /,
      /over after .* messages are set aside as invalid/,
    ],
  },
  {
    title: 'E9: a broker without the queue of what it gives up',
    inject: async ({ system, operator }) => {
      await operator.deleteQueue(parkedQueue);
      return () => setUpAgain(system.stack);
    },
    pays: true,
    metric: ['ledger', 'paid_once_ledger_fetches_dead_letters', 0],
    alert: 'DeadLettersNotFetched',
    log: ['ledger', /"waiting for what the broker gave up: /, /what the broker gave up is back after/],
  },
  {
    title: 'G6: a ledger whose table somebody locks',
    inject: database('B6', ledger),
    pays: true,
    metric: ['ledger', 'paid_once_ledger_consuming', 0],
    alert: 'LedgerTakesNothing',
    log: intoLedger,
  },
  {
    title: 'a message that is set aside',
    inject: async ({ system, operator }) => {
      await operator.publish('ledger.payments.0', 'no message of ours');
      return () => ask(`${system.stack.urls.ledger}/parked/drop`, { all: true, expect: 1 });
    },
    pays: true,
    metric: ['ledger', 'paid_once_ledger_parked{reason="forged"}', 1],
    alert: 'MessagesParked reason=forged',
    log: [
      'ledger',
      /messages are set aside as forged: 1\. /,
      /over after .* messages are set aside as forged/,
    ],
  },
  {
    title: 'a ledger that is frozen',
    inject: freezing('ledger'),
    pays: true,
    metric: ['ledger', 'silent'],
    alert: 'ProcessDown instance=ledger',
    log: silent('ledger'),
  },
  {
    title: 'a payments service that is frozen',
    inject: freezing('payments'),
    pays: false,
    metric: ['payments', 'silent'],
    alert: 'ProcessDown instance=payments',
    log: silent('payments'),
  },
  {
    title: 'a ledger that lacks some of the money',
    inject: async ({ system }) => {
      const change = (by: string) =>
        system.sql(
          'payments',
          `UPDATE payment_event SET amount_minor = amount_minor ${by}
            WHERE payment_id = (SELECT min(payment_id::text)::uuid FROM payment_event)`,
        );
      await change('+ 7');
      return () => change('- 7');
    },
    pays: false,
    metric: ['console', 'paid_once_ledger_difference_minor_units{currency="EUR"}', 7],
    alert: 'LedgersDiffer currency=EUR',
    log: [
      'console',
      /payments and ledger differ by 0\.07 EUR: /,
      /over after .* payments and ledger differ by 0\.07 EUR/,
    ],
  },
  {
    title: 'a retention that may not remove anything',
    inject: async ({ system }) => {
      await system.sql('ledger', 'ALTER ROLE ledger_retention NOLOGIN');
      await system.sql(
        'ledger',
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ledger_retention'`,
      );
      return () => system.sql('ledger', 'ALTER ROLE ledger_retention LOGIN');
    },
    pays: false,
    metric: ['ledger', 'paid_once_retention_failing', 1],
    alert: 'HistoryNotRemoved instance=ledger',
    log: [
      'ledger',
      /"waiting for the next run of the retention: /,
      /the next run of the retention is back after/,
    ],
  },
];
