import type { FaultKind } from '@paid-once/links';

type Meanings = Partial<Record<FaultKind, string>> & { otherwise: string };

const inOutbox = 'Payments are still accepted; they wait safely in the outbox.';
const inBroker = 'Payments are still accepted and published; they wait in RabbitMQ.';
const fromOutbox = 'Payments are still accepted; they leave the outbox more slowly.';
const fromBroker = 'Payments are still accepted and published; they are posted more slowly.';
const readAgain =
  'Payments are still accepted; the outbox keeps them. What the relay is not sure of is published again, and absorbed by the inbox.';
const notHeard =
  'Clients hear nothing, give up and repeat with their keys: nothing is paid until it is healed.';
const commitLost =
  'A COMMIT may be done and its answer lost: payments says 503 outcome-unknown, and a repeat with the same key pays once.';
const notAcked =
  'A transfer may be posted and nobody know: its message is not acked, comes again, and the inbox absorbs it.';

/** What a fault means for the money, by link or group. */
const meanings: Readonly<Record<string, Meanings>> = {
  payment: {
    slow: 'Clients wait; one that gives up repeats with its key, and is answered 208 for what was done.',
    reset: 'The client cannot tell whether it has paid: it repeats with its key, and pays once.',
    'lose-answers':
      'Payments are made and nobody hears of it: repeated with the same key, each is paid once.',
    'lose-requests': notHeard,
    'half-open': notHeard,
    drip: 'Clients wait a little longer; nothing is lost.',
    otherwise: 'Clients cannot reach payments: they retry with their keys, so nobody pays twice.',
  },
  'payments-postgres': {
    slow: 'Payments accepts more slowly, or answers 503 and is asked again: each payment is written once.',
    drip: 'Payments accepts more slowly; nothing is lost.',
    reset: commitLost,
    'lose-answers': commitLost,
    otherwise: 'Payments answers 503 until it is healed: nothing is accepted, nothing is lost.',
  },
  'payments-rabbitmq': {
    otherwise:
      'Only the dual write of chapter 1 uses this link: what does not get through is lost there, though it was answered 201. In the other chapters nothing changes.',
  },
  'relay-postgres': {
    slow: fromOutbox,
    drip: fromOutbox,
    reset: readAgain,
    'lose-answers': readAgain,
    otherwise: 'Payments are still accepted; the outbox keeps them until the relay can read again.',
  },
  'relay-rabbitmq': {
    slow: 'Payments are still accepted; a confirm that comes too late is a message published again, and absorbed by the inbox.',
    drip: fromOutbox,
    reset: 'What was not confirmed is published again; the inbox absorbs what had arrived.',
    'lose-answers':
      'Messages arrive, their confirms do not: they are published again, and the inbox absorbs them.',
    otherwise: inOutbox,
  },
  'ledger-rabbitmq': {
    slow: fromBroker,
    drip: fromBroker,
    reset: 'What was not acked is delivered again; the inbox absorbs what was posted.',
    'lose-requests':
      'Transfers are posted, their acks are lost: RabbitMQ delivers again, and the inbox absorbs it.',
    otherwise: inBroker,
  },
  'ledger-postgres': {
    slow: fromBroker,
    drip: fromBroker,
    reset: notAcked,
    'lose-answers': notAcked,
    otherwise: 'Payments are still accepted and published; RabbitMQ keeps what the ledger cannot post.',
  },
  rabbitmq: {
    slow: fromOutbox,
    drip: fromOutbox,
    reset: 'What was not confirmed or acked is sent again; the inbox absorbs what had arrived.',
    'lose-answers':
      'Confirms and deliveries are lost: messages are published again, and the inbox absorbs them.',
    otherwise: inOutbox,
  },
};

/** One sentence a fault; none for a link that we do not know. */
export function meaningsOf(linkOrGroup: string, kinds: readonly FaultKind[]): string[] {
  const its = meanings[linkOrGroup];
  return its === undefined ? [] : [...new Set(kinds.map((kind) => its[kind] ?? its.otherwise))];
}
