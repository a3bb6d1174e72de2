import type { Totals } from '../../../src/api.js';

const formats = new Map<string, Intl.NumberFormat>();

/** "1240.00", "EUR" → "€1,240.00". Exact at any size: Intl takes decimal strings, and no number is made of them. */
export function money(amount: string, currency: string): string {
  let format = formats.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', { style: 'currency', currency });
    formats.set(currency, format);
  }
  return format.format(amount as Intl.StringNumericLiteral);
}

/** One sum a currency, euros first: that is what the sample file pays. */
export function sums(totals: Totals): string[] {
  return Object.entries(totals)
    .sort(([one], [other]) => Number(other === 'EUR') - Number(one === 'EUR') || one.localeCompare(other))
    .map(([currency, amount]) => money(amount, currency));
}

/** The backend writes "EUR 41.50", as the command line does; here it reads as the figures around it. */
export function moneyInProse(text: string): string {
  return text.replaceAll(/\b([A-Z]{3}) (-?\d[\d,]*\.\d+)/g, (_, currency: string, amount: string) =>
    money(amount.replaceAll(',', ''), currency),
  );
}

const counts = new Intl.NumberFormat('en');

export function count(number: number): string {
  return counts.format(number);
}

/** "1 payment", "1,000 payments". */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Ten and more without, less with one decimal: a rate of 0.8/s is not none. */
export function rate(perSecond: number): string {
  return perSecond >= 10 || Number.isInteger(perSecond) ? count(Math.round(perSecond)) : perSecond.toFixed(1);
}
