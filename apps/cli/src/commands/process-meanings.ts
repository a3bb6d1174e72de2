import type { ProcessAction } from '../stack/process-info.js';

/** The processes of a running system, in the order of a payment's path, and the page beside it. Further ones of a service are `ledger-2` and so on. */
export const processNames = [
  'payments',
  'payments-db',
  'relay',
  'rabbitmq',
  'ledger',
  'ledger-db',
  'console',
] as const;
type Known = (typeof processNames)[number];

/** `ledger` of `ledger-2`; undefined for what is no process of ours. */
export function knownProcess(name: string): Known | undefined {
  const [, service] = /^(payments|relay|ledger)-\d+$/.exec(name) ?? [];
  return processNames.find((known) => known === (service ?? name));
}

/** What it means for the money that a process is down or hangs. */
const whileAway: Record<Known, string> = {
  payments:
    'No payment is accepted until it is back: clients repeat with their keys, so nobody pays twice. What was accepted is in its database.',
  'payments-db':
    'Payments answers 503 until it is back: nothing is accepted. What was accepted is on its disk, with its outbox row.',
  relay: 'Payments are still accepted; they wait safely in the outbox.',
  rabbitmq:
    'Payments are still accepted; they wait safely in the outbox. What RabbitMQ has confirmed is on its disk.',
  ledger: 'Payments are still accepted and published; RabbitMQ keeps what the ledger has not acknowledged.',
  'ledger-db':
    'Payments are still accepted and published; RabbitMQ keeps what the ledger cannot post. What is posted is on its disk.',
  console: 'Nothing: only the page is away, and payments flow as before.',
};

/** What it means for the money that a process is back. */
const onceBack: Record<Known, string> = {
  payments: 'Clients that repeat with their keys are answered now: 201 the first time, 208 after it.',
  'payments-db':
    'Payments are accepted again; what was accepted before is all there, and the relay goes on after it.',
  relay: 'What waits in the outbox is published now; what was under way is published again, and posted once.',
  rabbitmq:
    'What waits in the outbox is published now; what was under way is delivered again, and posted once.',
  ledger: 'What it had not acknowledged is delivered again; its inbox sees to it that each is posted once.',
  'ledger-db': 'What RabbitMQ kept is delivered again; the inbox sees to it that each is posted once.',
  console: 'Nothing: the page shows again what is so now.',
};

export function meaningOf(action: ProcessAction, process: Known): string {
  return action === 'kill' || action === 'stop' ? whileAway[process] : onceBack[process];
}
