import type { Stats } from '@paid-once/compare';
import type { LinkState } from '@paid-once/links';
import { conditionOf } from '../faults/words.js';
import type { Output } from '../output/output.js';
import { age, count, counted, money } from '../output/words.js';
import type { RelayStatus } from '../relay-status.js';
import type { Parts } from './parts.js';

/** The stations of a payment one under the other, with the links between them. */
export function showStations(
  out: Output,
  { payments, outbox, ledger, consumer, parked, links }: Parts,
): void {
  const { bold, dim } = out.colours;
  const station = (name: string, text: string) => out.say(`${bold(name.padEnd(9))} ${text}`);
  const between = (...names: string[]) =>
    out.say(dim(`    │     ${names.map((name) => linkText(name, links.value)).join('   ')}`));
  between('payment');
  station('payments', payments.value ? balance(payments.value) : '?');
  between('payments-postgres', 'relay-postgres');
  station('outbox', outbox.value ? outboxText(outbox.value) : '?');
  between('relay-rabbitmq');
  station('RabbitMQ', underway(payments.value, outbox.value, ledger.value, parked.value?.count ?? 0));
  between('ledger-rabbitmq', 'ledger-postgres');
  const held =
    parked.value && parked.value.count > 0 ? ` · ${counted(parked.value.count, 'message')} parked` : '';
  station('ledger', ledger.value ? `${balance(ledger.value)}${held}${consumerText(consumer)}` : '?');
}

function balance({ count: payments, totals, reversals }: Stats): string {
  return `${counted(payments, 'payment')} · ${money(totals)}${reversals > 0 ? ` · ${counted(reversals, 'reversal')}` : ''}`;
}

function outboxText({ pending, oldestSeconds, deadLetters, trouble }: RelayStatus): string {
  const waits = pending === 0 ? 'empty' : `${count(pending)} waiting, the oldest for ${age(oldestSeconds)}`;
  const dead = deadLetters > 0 ? ` · ${counted(deadLetters, 'dead letter')}` : '';
  return `${waits}${dead}${trouble === undefined ? '' : ` · ${trouble}`}`;
}

/** A queue is not asked: what has left the outbox and has not reached the ledger is in it, or was a moment ago. */
function underway(
  payments: Stats | undefined,
  outbox: RelayStatus | undefined,
  ledger: Stats | undefined,
  parked: number,
): string {
  if (!payments || !outbox || !ledger) return '?';
  const events = payments.count + payments.reversals - ledger.count - ledger.reversals;
  const published = Math.max(0, events - outbox.pending - outbox.deadLetters - parked);
  return published === 0 ? 'nothing under way' : `about ${counted(published, 'message')} under way`;
}

function consumerText({ value }: Parts['consumer']): string {
  const state = value?.consumer;
  if (state === undefined || state.kind === 'consuming') return '';
  return ` · ${state.kind}${state.cause ? ` for ${state.cause}` : ''}`;
}

function linkText(name: string, links: readonly LinkState[] | undefined): string {
  const link = links?.find((each) => each.name === name);
  return `${name} ${link === undefined ? '(no link)' : conditionOf(link)}`;
}
