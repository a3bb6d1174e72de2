import {
  accountName,
  currencyDecimals,
  formatAmount,
  isPlainText,
  maxAmountMinor,
  maxReferenceLength,
  parseAmount,
  type AmountRefusal,
} from '@paid-once/contracts';
import { WrittenNumber } from '@paid-once/service';
import {
  IdempotencyKeyInvalid,
  IdempotencyKeyMissing,
  keyHeaders,
  MalformedJson,
  ValidationFailed,
} from './payment-problems.js';

/** The fields of a payment, checked. */
export interface PaymentRequest {
  src: string;
  dest: string;
  amountMinor: bigint;
  currency: string;
  reference: string | null;
}

type Fault = { pointer: string; code: string; detail: string };

const fields = ['src', 'dest', 'amount', 'currency', 'reference'];

/**
 * Reads the body of `POST /payments`. Nothing is coerced or rounded, and all faults are told together.
 * @throws MalformedJson    not an object
 * @throws ValidationFailed a field is missing, unknown or not acceptable
 */
export function readPaymentRequest(body: unknown): PaymentRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || body instanceof WrittenNumber)
    throw new MalformedJson(
      'Send an object such as {"src": "bianca", "dest": "marc", "amount": "1.00"}. Nothing was paid.',
    );
  const given = new Map<string, unknown>(Object.entries(body));
  const faults: Fault[] = [...given.keys()]
    .filter((name) => !fields.includes(name))
    .map((name) => fault(name.slice(0, 64), 'unknown-field', 'is not a field of a payment.'));
  const src = readAccount(given, 'src', faults);
  const dest = readAccount(given, 'dest', faults);
  if (src !== '' && src === dest) faults.push(fault('dest', 'same-account', 'is the account that pays.'));
  const currency = readCurrency(given.get('currency'), faults);
  const amountMinor = readAmount(given.get('amount'), currency, faults);
  const reference = readReference(given.get('reference'), faults);
  if (faults.length > 0) throw new ValidationFailed(faults);
  return { src, dest, amountMinor, currency: currency ?? '', reference };
}

function readAccount(given: Map<string, unknown>, name: string, faults: Fault[]): string {
  const parsed = accountName.safeParse(given.get(name));
  if (parsed.success) return parsed.data;
  faults.push(fault(name, 'invalid-account', 'must be 1 to 64 letters, digits, "_" or "-".'));
  return '';
}

function readCurrency(value: unknown, faults: Fault[]): string | undefined {
  if (value === undefined) return 'EUR';
  if (typeof value === 'string' && currencyDecimals(value) !== undefined) return value;
  faults.push(fault('currency', 'invalid-currency', 'must be an ISO 4217 code in capitals, such as EUR.'));
  return undefined;
}

function readAmount(value: unknown, currency: string | undefined, faults: Fault[]): bigint {
  const text = value instanceof WrittenNumber ? value.text : value;
  if (typeof text !== 'string') {
    faults.push(fault('amount', 'invalid-amount', 'must be a decimal number, best as a string: "12.99".'));
    return 0n;
  }
  if (currency === undefined) return 0n; // how many decimals it may have is not known
  const amount = isInfiniteNumber(value) ? 'out-of-range' : parseAmount(text, currency);
  if (typeof amount === 'bigint') return amount;
  const code = amount === 'out-of-range' ? 'amount-out-of-range' : 'invalid-amount';
  faults.push(fault('amount', code, refusalDetails(amount, currency)));
  return 0n;
}

// Such as 1e400: not refused for its spelling, as 1e3 is, but for what any reader of JSON makes of it.
function isInfiniteNumber(value: unknown): boolean {
  return value instanceof WrittenNumber && !Number.isFinite(Number(value.text));
}

function refusalDetails(refusal: AmountRefusal, currency: string): string {
  switch (refusal) {
    case 'not-a-decimal':
      return 'must be written in digits, with at most one point: "12.99".';
    case 'not-positive':
      return 'must be more than zero.';
    case 'too-many-decimals':
      return `has more decimals than ${currency}, which has ${currencyDecimals(currency)}.`;
    case 'out-of-range':
      return `must be at most ${formatAmount(maxAmountMinor, currency)}.`;
  }
}

function readReference(value: unknown, faults: Fault[]): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || !isPlainText(value))
    faults.push(fault('reference', 'invalid-text', 'must be text without control characters.'));
  else if (value.length > maxReferenceLength)
    faults.push(fault('reference', 'invalid-text', `must have at most ${maxReferenceLength} characters.`));
  else return value;
  return null;
}

function fault(name: string, code: string, detail: string): Fault {
  return { pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, code, detail };
}

/** An idempotency key: visible ASCII. */
export const keyPattern = /^[\x21-\x7e]{1,255}$/;

/**
 * The idempotency key, from either header: a quoted structured string or a bare token; `"k"` and `k` are the same key.
 * @throws IdempotencyKeyMissing
 * @throws IdempotencyKeyInvalid empty, longer than 255, not visible ASCII, or two headers that differ
 */
export function readIdempotencyKey(headers: Record<string, string | string[] | undefined>): string {
  const given = keyHeaders.flatMap((name) => headers[name.toLowerCase()] ?? []);
  const [first, ...others] = given.map(unquote);
  if (first === undefined) throw new IdempotencyKeyMissing();
  if (others.some((other) => other !== first))
    throw new IdempotencyKeyInvalid('The two headers name different idempotency keys.');
  if (!keyPattern.test(first))
    throw new IdempotencyKeyInvalid(
      'An idempotency key is 1 to 255 visible ASCII characters, without blanks.',
    );
  return first;
}

// RFC 9651 strings: in quotes, with \" and \\ inside.
function unquote(text: string): string {
  if (!text.startsWith('"')) return text.includes('"') ? '' : text;
  const inner = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1];
  return inner === undefined ? '' : inner.replace(/\\(["\\])/g, '$1');
}
