import type { Output } from '../output/output.js';
import { moment } from '../output/moments.js';
import { age, counted, grouped } from '../output/words.js';
import type { EventLife, Step } from './life.js';
import type { Payment } from './what-is-known.js';

/** The payment's line, then each event: when, how long after the step before, what, and where it is now. */
export function showLife(
  out: Output,
  id: string,
  payment: Payment | undefined,
  events: readonly EventLife[],
): void {
  const { bold, dim } = out.colours;
  out.say(payment ? paymentLine(out, payment) : `${bold('payment')} ${id}  payments never accepted it`);
  for (const event of events) {
    out.say();
    const shard = event.shard === null ? '' : `   shard ${event.shard}`;
    out.say(`${bold(event.type)}${dim(`   message ${event.messageIds.join(', ') || 'none'}${shard}`)}`);
    for (const line of stepLines(out, event)) out.say(`  ${line}`);
    showNow(out, id, event);
  }
  out.say();
  out.say(dim('Times are UTC, each by the clock of the database that wrote it.'));
}

function paymentLine(out: Output, { id, src, dest, amount, currency, reference, status }: Payment): string {
  const { bold } = out.colours;
  const words = reference === null ? '' : `   “${reference}”`;
  return `${bold('payment')} ${id}   ${src} → ${dest}   ${bold(`${currency} ${grouped(amount)}`)}${words}   ${status}`;
}

/** The date stands once; below it, while it is the same day, only the time. */
function stepLines(out: Output, { steps }: EventLife): string[] {
  const { dim } = out.colours;
  const afters = steps.map(({ afterMs }) => (afterMs === null ? '' : `+${gap(afterMs)}`));
  const afterWidth = Math.max(0, ...afters.map((text) => text.length));
  const whatWidth = Math.max(0, ...steps.map(({ what }) => what.length));
  let dayBefore = '';
  return steps.map(({ at, what, detail }, index) => {
    const [day = '', time = ''] = moment(at).split(' ');
    const shown = day === dayBefore ? ' '.repeat(day.length) : day;
    dayBefore = day;
    const after = (afters[index] ?? '').padStart(afterWidth);
    return `${dim(shown)} ${time}  ${dim(after)}  ${mark(out, what)} ${what.padEnd(whatWidth)}  ${dim(detail)}`;
  });
}

function mark({ colours }: Output, what: Step['what']): string {
  switch (what) {
    case 'accepted':
    case 'published':
    case 'received':
      return colours.green('●');
    case 'posted':
    case 'settled':
      return colours.green('✓');
    case 'replay':
    case 'redrive':
      return colours.yellow('↻');
    case 'dead letter':
    case 'parked':
    case 'dropped':
      return colours.red('✗');
  }
}

function showNow(out: Output, id: string, { now, parkedAttempts }: EventLife): void {
  const { bold, dim, green, red, yellow } = out.colours;
  const colour =
    now.where === 'posted' ? green : ['outbox', 'on its way', 'waiting'].includes(now.where) ? yellow : red;
  out.say(`  ${bold('now')}       ${colour(now.says)}`);
  if (parkedAttempts > 0)
    out.say(`  ${bold('attempts')}  ${counted(parkedAttempts, 'time')} set aside by the ledger`);
  if (now.movesOn) out.say(`  ${bold('moved by')}  ${now.movesOn}`);
  if (now.command) out.say(`            ${dim(now.command.replace('ID', id))}`);
}

/** Up to a second in milliseconds, as a payment's usual steps are. */
function gap(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : age(ms / 1_000);
}
