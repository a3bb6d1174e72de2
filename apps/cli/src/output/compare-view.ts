import type { Break, BreakKind, Comparison, Totals } from '@paid-once/compare';
import Table from 'cli-table3';
import { age, count, counted, difference, grouped, money } from './words.js';
import type { Output } from './output.js';
import { sumOfMoney } from './sums.js';

/** Both ledgers side by side, what stands between them, and the verdict in a sentence. */
export function showComparison(out: Output, comparison: Comparison): void {
  for (const line of sideBySide(comparison)) out.say(line);
  out.say();
  const { colours } = out;
  for (const [kind, found] of foundBreaks(comparison))
    out.say(`${inTransit.has(kind) ? colours.yellow('▲') : colours.red('✗')} ${breakSentence(kind, found)}`);
  const verdict = verdictOf(comparison);
  out.say(comparison.agree ? colours.green(`✓ ${verdict}`) : colours.bold(verdict));
}

export function sideBySide({ payments, ledger }: Comparison): string[] {
  const table = new Table({
    head: ['', 'payments', 'ledger', 'difference'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true, 'padding-left': 1, 'padding-right': 1 },
    chars: { ...noBorders, middle: ' ' },
  });
  table.push(['payments', count(payments.count), count(ledger.count), count(payments.count - ledger.count)]);
  for (const currency of currenciesOf(payments.totals, ledger.totals)) {
    const [accepted, posted] = [payments.totals[currency] ?? '0', ledger.totals[currency] ?? '0'];
    table.push([currency, grouped(accepted), grouped(posted), grouped(difference(accepted, posted))]);
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
}

/** What stands between the two, with its money and its age. */
export function breakSentence(kind: BreakKind, found: Break): string {
  const oldest =
    found.count === 1 ? `for ${age(found.oldestSeconds)}` : `the oldest for ${age(found.oldestSeconds)}`;
  return `${whatIs(kind, found)}, ${oldest}${givenUp(found)}`;
}

function whatIs(kind: BreakKind, found: Break): string {
  const verb = found.count === 1 ? singular[kind] : plural[kind];
  return `${counted(found.count, nounOf(found))} (${money(found.totals)}) ${verb}`;
}

function nounOf({ count: found, reversals = 0 }: Break): string {
  if (reversals === 0) return 'payment';
  return reversals === found ? 'reversal' : 'event'; // a payment and its reversal are two events, not two payments
}

function givenUp(found: Break): string {
  const { dropped } = found;
  if (dropped === undefined) return '';
  if (!isUndecided(found))
    return found.count === 1 ? '; it was given up on purpose' : '; all were given up on purpose';
  return `; ${count(dropped.count)} of them (${money(dropped.totals)}) ${dropped.count === 1 ? 'was' : 'were'} given up on purpose`;
}

/** Whether there is one of them that nobody gave up. */
export function isUndecided({ count: found, dropped }: Break): boolean {
  return found > (dropped?.count ?? 0);
}

/** What of both kinds that are held back was given up on purpose. */
export function droppedIn({ breaks }: Comparison): { count: number; totals: Totals } {
  const parts = [...heldBack].flatMap((kind) => breaks[kind].dropped ?? []);
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    totals: sumOfMoney(parts.map(({ totals }) => totals)),
  };
}

const plural: Record<BreakKind, string> = {
  inOutbox: 'are safe in the outbox',
  inBroker: 'are published and not yet posted',
  deadLettered: 'could not be published and are kept as dead letters',
  parked: 'were refused by the ledger and are parked',
  missing: 'are missing: nothing is on its way that would post them',
  unexpected: 'are in the ledger, and payments never accepted them',
  duplicate: 'were posted more than once',
  amountDiffers: 'were posted with another amount or account',
  order: 'were posted before their payments',
};
const singular: Record<BreakKind, string> = {
  inOutbox: 'is safe in the outbox',
  inBroker: 'is published and not yet posted',
  deadLettered: 'could not be published and is kept as a dead letter',
  parked: 'was refused by the ledger and is parked',
  missing: 'is missing: nothing is on its way that would post it',
  unexpected: 'is in the ledger, and payments never accepted it',
  duplicate: 'was posted more than once',
  amountDiffers: 'was posted with another amount or account',
  order: 'was posted before its payment',
};
/** Nothing is wrong: it will arrive by itself. */
const inTransit: ReadonlySet<BreakKind> = new Set(['inOutbox', 'inBroker']);
/** Kept, with a reason; a person decides, or has decided. */
const heldBack: ReadonlySet<BreakKind> = new Set(['deadLettered', 'parked']);

/** One sentence, in words and money. */
export function verdictOf(comparison: Comparison): string {
  const { payments, ledger } = comparison;
  if (comparison.agree)
    return payments.count === 0
      ? 'Both ledgers are empty, so they agree.'
      : `The ledgers agree: ${counted(payments.count, 'payment')}, ${money(payments.totals)}, each posted exactly once.`;
  const kinds = foundBreaks(comparison).map(([kind]) => kind);
  const gap = gapBetween(payments.totals, ledger.totals);
  // What has left the outbox is on its way if the broker has it. That it has, a comparison cannot see.
  if (kinds.every((kind) => inTransit.has(kind)) && kinds.includes('inBroker'))
    return `The ledgers differ by ${gap}, all of it on its way as far as can be seen: nothing is paid twice.`;
  if (kinds.every((kind) => inTransit.has(kind)))
    return `The ledgers differ by ${gap}, all of it on its way: nothing is lost, nothing is paid twice.`;
  if (kinds.every((kind) => inTransit.has(kind) || heldBack.has(kind))) {
    const isHeldBack = kinds.some((kind) => heldBack.has(kind) && isUndecided(comparison.breaks[kind]));
    const dropped = droppedIn(comparison);
    const but = [
      ...(isHeldBack ? ['some of it is held back until a person decides'] : []),
      ...(dropped.count > 0
        ? [
            `${counted(dropped.count, 'event')} (${money(dropped.totals)}) ${dropped.count === 1 ? 'was' : 'were'} given up on purpose`,
          ]
        : []),
    ];
    return `The ledgers differ by ${gap}: nothing is lost, but ${but.join(', and ')}.`;
  }
  return `The ledgers do NOT agree: they differ by ${gap}, and not only by what is on its way.`;
}

/** What is waited for until the ledgers agree, in one line. */
export function waitingFor(comparison: Comparison): string {
  const found = foundBreaks(comparison).map(([kind, each]) => `${whatIs(kind, each)}${givenUp(each)}`);
  return found.length === 0 ? 'nothing' : found.join('; ');
}

function foundBreaks({ breaks }: Comparison): [BreakKind, Break][] {
  return (Object.entries(breaks) as [BreakKind, Break][]).filter(([, found]) => found.count > 0);
}

function gapBetween(a: Totals, b: Totals): string {
  const gaps = currenciesOf(a, b).map((currency) => [
    currency,
    difference(a[currency] ?? '0', b[currency] ?? '0'),
  ]);
  return money(Object.fromEntries(gaps.map(([currency, gap]) => [currency, String(gap).replace('-', '')])));
}

function currenciesOf(...totals: Totals[]): string[] {
  return [...new Set(totals.flatMap((each) => Object.keys(each)))].sort();
}

const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
};
