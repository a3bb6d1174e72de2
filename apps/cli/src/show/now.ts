import { meaningOf } from '../dead/reasons.js';
import type { InboxMessage, OutboxMessage } from './what-is-known.js';

/** Where an event is, and what would move it on. */
export interface Now {
  where: 'posted' | 'outbox' | 'on its way' | 'waiting' | 'parked' | 'dead letter' | 'dropped' | 'unknown';
  says: string;
  /** Undefined: nothing is left to do. */
  movesOn?: string;
  /** A command that helps, with ID for the payment's. */
  command?: string;
}

const redrive = 'npx paid-once dead redrive ID --why TEXT';
const drop = 'npx paid-once dead drop ID --count 1 --why TEXT';
/** What the ledger refuses for these reasons it would refuse again. */
const onlyToBeDropped = new Set(['conflict', 'other-run']);
const replay = 'npx paid-once replay --payment ID --why TEXT';

/** @param sent, met the messages of one event, at the outbox and at the ledger */
export function nowOf(type: string, sent: readonly OutboxMessage[], met: readonly InboxMessage[]): Now {
  if (met.some(({ postedAt }) => postedAt !== null))
    return { where: 'posted', says: 'posted: nothing is left to do' };
  return parkedNow(met) ?? outboxNow(type, sent);
}

function parkedNow(met: readonly InboxMessage[]): Now | undefined {
  const parked = met.flatMap((message) => message.parked);
  const kept = parked.find(({ droppedAt }) => !droppedAt);
  if (kept === undefined) return parked.length > 0 ? given('the ledger') : undefined;
  const { reason } = kept;
  const { means, helps } = meaningOf('ledger', reason);
  if (reason === 'waiting-for')
    return { where: 'waiting', says: `waits at the ledger: ${means}`, movesOn: 'its payment being posted' };
  return {
    where: 'parked',
    says: `parked at the ledger: ${means}`,
    movesOn: helps,
    command: onlyToBeDropped.has(reason) ? drop : redrive,
  };
}

function outboxNow(type: string, sent: readonly OutboxMessage[]): Now {
  const dead = sent.flatMap(({ deadLetter }) => deadLetter ?? []);
  const kept = dead.find(({ droppedAt }) => !droppedAt);
  if (kept !== undefined) {
    const { means, helps } = meaningOf('outbox', kept.reason);
    return {
      where: 'dead letter',
      says: `a dead letter in the outbox: ${means}`,
      movesOn: helps,
      command: redrive,
    };
  }
  if (dead.length > 0) return given('the outbox');
  if (sent.some(({ station }) => station === 'outbox'))
    return {
      where: 'outbox',
      says: 'waits in the outbox, safe in the payments database',
      movesOn: 'the relay, by itself; status says what keeps it',
      command: 'npx paid-once status',
    };
  if (sent.length > 0)
    return {
      where: 'on its way',
      says: 'published, and not at the ledger yet: RabbitMQ has it, or has lost it',
      movesOn: 'the ledger, by itself; what RabbitMQ lost the relay finds and publishes again, by itself too',
      command: replay,
    };
  return {
    where: 'unknown',
    says: `nothing is known of a message for ${type}: retention has removed it, on both sides perhaps`,
    movesOn: 'a replay makes a new message of it; if it was posted, it is not posted again',
    command: replay,
  };
}

function given(where: string): Now {
  return {
    where: 'dropped',
    says: `given up at ${where}: the ledger will not have it`,
    movesOn: 'nothing, by itself; somebody decided so',
    command: 'npx paid-once dead list --dropped',
  };
}
