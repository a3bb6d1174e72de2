import { z } from 'zod';
import { currencyDecimals, maxAmountMinor } from './money.js';
import { isUuidV7 } from './uuid-v7.js';

/** What can happen to a payment; also the AMQP `type` and the first part of the routing key. */
export const paymentEventTypes = ['payment.accepted', 'payment.reversed'] as const;
export type PaymentEventType = (typeof paymentEventTypes)[number];

/** The version of the schema below, in the header `schemaversion`. A ledger that meets another one parks the message. */
export const paymentEventSchemaVersion = 1;

export const accountName = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export const maxReferenceLength = 140;

// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Whether a reference may hold it: control characters would be refused by Postgres (NUL) or travel into somebody's terminal
 * or spreadsheet, and half a surrogate pair be stored as another character.
 */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !controlCharacter.test(text);
}

/** What a payment event carries: written by payments, checked on the way out by the relay and on the way in by the ledger. */
export const paymentEventData = z
  .strictObject({
    paymentId: z.string().refine(isUuidV7, 'is not a UUIDv7'),
    src: accountName,
    dest: accountName,
    amountMinor: z
      .string()
      .regex(/^[1-9]\d{0,15}$/)
      .refine((minor) => BigInt(minor) <= maxAmountMinor, 'is out of range'),
    currency: z.string().refine((code) => currencyDecimals(code) !== undefined, 'is no ISO 4217 currency'),
    reference: z
      .string()
      .max(maxReferenceLength)
      .refine(isPlainText, 'has control characters, or half of one that takes two')
      .nullable(),
  })
  .refine(({ src, dest }) => src !== dest, 'src and dest are the same account');
export type PaymentEventData = z.infer<typeof paymentEventData>;

/**
 * No escapes, an amount below the largest one, two accounts: what is not so may still keep the schema.
 * @param src refers to what its group has matched: no payment to oneself
 */
const dataAsWritten = (src: string) =>
  String.raw`\{"paymentId":"([\da-f-]{36})","src":"([\w-]{1,64})","dest":"(?!${src}")([\w-]{1,64})",` +
  String.raw`"amountMinor":"([1-9]\d{0,14})","currency":"([A-Z]{3})",` +
  String.raw`"reference":(?:null|"([^"\\\p{Cc}\p{Cs}]{0,70})")\}`;
const payloadAsWritten = new RegExp(`^${dataAsWritten(String.raw`\2`)}$`, 'u');
const bodyAsWritten = new RegExp(
  String.raw`^\{"specversion":"1\.0","id":"([\da-f-]{36})","source":"/payments","type":"([a-z.]{1,40})",` +
    String.raw`"subject":"([\da-f-]{36})","time":"[\d:.TZ-]{20,30}","datacontenttype":"application/json",` +
    String.raw`"data":${dataAsWritten(String.raw`\5`)}\}$`,
  'u',
);

/**
 * Whether a payload is written as payments writes one and keeps the schema, told from its text alone: a sixth of the work of
 * parsing and checking it. False says nothing yet: then the schema must tell.
 */
export function isPlainPaymentEvent(payload: string): boolean {
  const [, paymentId, , , , currency] = payloadAsWritten.exec(payload) ?? [];
  return keepsTheSchema(paymentId, currency);
}

/** The same for a whole message: undefined says nothing yet. No key can stand twice in what is told so. */
export function plainEventOf(
  body: string,
): { id: string; type: string; subject: string; data: PaymentEventData } | undefined {
  const found = bodyAsWritten.exec(body);
  if (!found || !keepsTheSchema(found[4], found[8])) return undefined;
  const [, id = '', type = '', subject = '', ...fields] = found;
  const [paymentId = '', src = '', dest = '', amountMinor = '', currency = '', reference = null] = fields;
  return { id, type, subject, data: { paymentId, src, dest, amountMinor, currency, reference } };
}

/** As far as a pattern cannot say it. */
function keepsTheSchema(paymentId = '', currency = ''): boolean {
  return isUuidV7(paymentId) && currencyDecimals(currency) !== undefined;
}

/** The event that must be posted before this one: a reversal follows its payment. */
export function predecessorOf(type: PaymentEventType, paymentId: string): string | undefined {
  return type === 'payment.reversed' ? eventName('payment.accepted', paymentId) : undefined;
}

/** The name of an event, whatever message carries it: what `causation` refers to. */
export function eventName(type: PaymentEventType, paymentId: string): string {
  return `${paymentId}/${type}`;
}
