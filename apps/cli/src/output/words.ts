import type { Totals } from '@paid-once/compare';

/** 1234567 as "1,234,567". */
export function count(value: number): string {
  return grouped(String(value));
}

/** "1 payment", "412 payments". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "EUR 1,250.00"; several currencies "EUR 1.00 and JPY 300"; nothing at all "no money". */
export function money(totals: Totals): string {
  const parts = Object.entries(totals).map(([currency, amount]) => `${currency} ${grouped(amount)}`);
  if (parts.length === 0) return 'no money';
  return parts.length === 1 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** A decimal string with its thousands apart; never through a float. */
export function grouped(amount: string): string {
  const [whole = '', fraction] = amount.split('.');
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? apart : `${apart}.${fraction}`;
}

/** Seconds as "0.4 s", "12 s", "3 min 20 s", "2 h 5 min". */
export function age(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** The difference of two decimal strings of one currency, exactly: "1000.00" − "588.00" is "412.00". */
export function difference(a: string, b: string): string {
  const decimals = Math.max(fractionLength(a), fractionLength(b));
  const minor = toMinor(a, decimals) - toMinor(b, decimals);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return `${minor < 0n ? '-' : ''}${digits.slice(0, cut)}${decimals > 0 ? `.${digits.slice(cut)}` : ''}`;
}

function fractionLength(amount: string): number {
  return amount.split('.')[1]?.length ?? 0;
}

function toMinor(amount: string, decimals: number): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}
