import type { Output } from '../output/output.js';
import { age, count, counted, money } from '../output/words.js';
import { moment } from '../output/moments.js';
import type { DeadGroup, DeadMessage } from './dead-letters.js';
import { meaningOf, type DeadSide } from './reasons.js';
import { stuckAgainIn, waitingFor, waitingIn, type Redriven } from './redrive.js';

const where: Record<DeadSide, string> = {
  outbox: 'In the outbox: what can never be published',
  ledger: 'At the ledger: what it did not post',
};

/** Each reason with its count, money, age, what it means and what helps; a side with nothing is left out. */
export function showGroups(out: Output, groups: readonly DeadGroup[]): void {
  const { bold, dim, red } = out.colours;
  for (const side of ['outbox', 'ledger'] as const) {
    const here = groups.filter((group) => group.side === side);
    if (here.length === 0) continue;
    out.say(bold(where[side]));
    for (const group of here) {
      const { means, helps } = meaningOf(side, group.reason);
      out.say(`${red('✗')} ${bold(group.reason)}  ${groupText(group)}`);
      out.say(`    ${means}`);
      out.say(dim(`    what helps: ${helps}`));
    }
    out.say();
  }
}

/** "3 messages (EUR 3.00) of payment.accepted, first seen 2 h 5 min ago, last seen 3 min ago". */
export function groupText({ count: found, totals, type, oldestSeconds, ...seen }: DeadGroup): string {
  const what = `${counted(found, 'message')} (${money(totals)})${type === null ? '' : ` of ${type}`}`;
  // Of two times of one clock; the first one's age is told by that clock too.
  const between = (Date.parse(seen.lastSeen) - Date.parse(seen.firstSeen)) / 1_000;
  const last = Math.max(0, oldestSeconds - between);
  return found === 1
    ? `${what}, seen ${age(oldestSeconds)} ago`
    : `${what}, first seen ${age(oldestSeconds)} ago, last seen ${age(last)} ago`;
}

/** Every message with all that is known of it. Times are UTC. */
export function showMessages(out: Output, messages: readonly DeadMessage[]): void {
  const { bold, dim, red } = out.colours;
  for (const message of messages) {
    const { side, id, messageId, paymentId, type, reason, detail, attempts, dropped } = message;
    const line = (name: string, text: string) => out.say(`    ${dim(name.padEnd(9))}${text}`);
    const place = side === 'outbox' ? 'dead in the outbox' : 'parked at the ledger';
    out.say(`${red('✗')} ${bold(type ?? 'a message without type')}  ${place}: ${reason}`);
    line('payment', paymentId ?? 'none');
    line(
      'message',
      `${messageId ?? 'without id'}  (${side === 'outbox' ? 'outbox row' : 'parked row'} ${id})`,
    );
    if (detail) line('detail', detail);
    line('attempts', attemptsText(attempts, message.firstSeen, message.lastSeen));
    if (dropped) line('dropped', `${moment(dropped.at)} by ${dropped.by}: ${dropped.why}`);
  }
}

function attemptsText(attempts: number, first: string, last: string): string {
  return attempts === 1
    ? `${count(attempts)}, ${moment(first)}`
    : `${count(attempts)}, first ${moment(first)}, last ${moment(last)}`;
}

/** What became of parked messages that were tried again. */
export function redrivenText({ posted, repeated, parkedAgain }: Redriven): string {
  const [again, waiting] = [stuckAgainIn({ parkedAgain }), waitingIn({ parkedAgain })];
  const reasons = Object.entries(parkedAgain)
    .filter(([reason]) => reason !== waitingFor)
    .map(([reason, found]) => `${reason} ${count(found)}`);
  return [
    `${counted(posted, 'message')} posted`,
    ...(repeated > 0
      ? [`${count(repeated)} ${repeated === 1 ? 'was' : 'were'} posted before, and not again`]
      : []),
    ...(waiting > 0
      ? [`${count(waiting)} still ${waiting === 1 ? 'waits for its payment' : 'wait for their payments'}`]
      : []),
    ...(again > 0 ? [`${count(again)} parked again (${reasons.join(', ')})`] : []),
  ].join(', ');
}
