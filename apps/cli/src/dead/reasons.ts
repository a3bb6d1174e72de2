/** What a reason means, in one line, and what helps. */
export interface Meaning {
  means: string;
  helps: string;
}

export type DeadSide = 'outbox' | 'ledger';

/** Why the relay gave a message up: `outbox_dead_letter.reason`. */
const inOutbox: Readonly<Record<string, Meaning>> = {
  behind: {
    means: 'it is in order itself; an earlier message of its payment is dead, and order is kept',
    helps: 'redrive it with the earlier one: dead redrive PAYMENT takes both, in order',
  },
  invalid: {
    means: 'the payload is not what a payment event is: somebody wrote it past the payments service',
    helps: 'correct the row in outbox_message, then redrive; or drop it if no payment stands behind it',
  },
  'too-big': {
    means: 'its row is larger than any payment event: somebody wrote it past the payments service',
    helps: 'correct the row in outbox_message, then redrive; or drop it if no payment stands behind it',
  },
  unencodable: {
    means: 'it cannot be written as a message: an id, a type or headers that the protocol does not carry',
    helps: 'correct the row in outbox_message, then redrive',
  },
};
const otherInOutbox: Meaning = {
  means: 'the relay found that it can never be published as it is',
  helps: 'remove the cause, then redrive: what still cannot be published stays',
};

const damagedCopy =
  'look first (show PAYMENT): if it is not posted, compare --repair publishes the payments’ own copy; then drop this one, and find who else publishes';

/** Why the ledger set a message aside: `ParkReason`. */
const inLedger: Readonly<Record<string, Meaning>> = {
  forged: {
    means: 'it was not published by the relay’s user of RabbitMQ, or does not say by whom',
    helps:
      'find out who published it (dead show forged), then drop it; if that user is meant, name it in PAID_ONCE_LEDGER_TRUSTS, start the ledger again, and redrive',
  },
  unreadable: {
    means: 'it is no text, no JSON, or of another content type: damaged, or not from our relay',
    helps: damagedCopy,
  },
  'no-identity': {
    means:
      'its message id is missing, is no UUIDv7, or differs from the one inside: damaged, or not from our relay',
    helps: damagedCopy,
  },
  conflict: {
    means: 'the same message or event came before with other contents; what was posted first stands',
    helps: 'compare both (show PAYMENT), correct by a new payment; then drop it',
  },
  unsupported: {
    means: 'a type or schema version that this ledger does not know: another release sent it',
    helps: 'update the ledger, then redrive',
  },
  invalid: {
    means: 'it breaks the schema or a rule of the ledger (amount, currency, accounts)',
    helps: 'correct the ledger if it is wrong, then redrive; else drop it and reverse the payment',
  },
  'too-big': {
    means: 'a body or headers beyond what the ledger reads: damaged, or not from our relay',
    helps: damagedCopy,
  },
  'other-run': {
    means: 'it was sent before the last reset, so its payment no longer exists',
    helps: 'drop it',
  },
  'outside-dedup-window': {
    means: 'it is older than the inbox remembers, so the inbox cannot tell whether it took effect',
    helps: 'redrive it: the transfer’s own key still posts it at most once',
  },
  'waiting-for': {
    means: 'a reversal whose payment is not posted yet; it is posted in the same transaction as that',
    helps: 'nothing, usually; if its payment is stuck, redrive that',
  },
  poison: {
    means: 'ledger processes died of it, or its handling throws',
    helps: 'find out why in the ledger’s log, repair the ledger, then redrive',
  },
  'dead-lettered': {
    means: 'RabbitMQ itself gave it up (its delivery limit, or a limit on the queue)',
    helps: 'redrive it; look for a policy on the queues: npx paid-once setup names it',
  },
};
const otherInLedger: Meaning = {
  means: 'this paid-once does not know the reason: the ledger is of another release',
  helps: 'look into the ledger’s docs, or update this one',
};

export function meaningOf(side: DeadSide, reason: string): Meaning {
  return side === 'ledger' ? (inLedger[reason] ?? otherInLedger) : (inOutbox[reason] ?? otherInOutbox);
}

/** The ledger's reasons, for help. */
export const ledgerReasons = Object.keys(inLedger);
