import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cloudEvent } from './cloud-event.js';
import {
  isPlainPaymentEvent,
  paymentEventData,
  plainEventOf,
  type PaymentEventData,
} from './payment-event.js';
import { wireMessage } from './wire-message.js';

const payment: PaymentEventData = {
  paymentId: '01920000-0000-7000-8000-000000000001',
  src: 'bianca',
  dest: 'marc',
  amountMinor: '1299',
  currency: 'EUR',
  reference: null,
};

function bodyOf(payload: string): string {
  const ids = { message_id: '01920000-0000-7000-8000-00000000000a', key: payment.paymentId };
  const row = { ...ids, run_id: ids.message_id, shard: 0, type: 'payment.accepted', headers: {}, payload };
  return wireMessage({ ...row, created_at: new Date() }).body.toString();
}

function keepsSchema(payload: string): boolean {
  try {
    return paymentEventData.safeParse(JSON.parse(payload)).success;
  } catch {
    return false;
  }
}

const json = ['"', '\\', '\\u0000', '\n', '}', ',', 'null', '"src":"x",'];
const text = ['', ' ', '-', '0', '00', '9'.repeat(20), 'e9', 'é', '💶', '\u2028'];
const values = ['marc', 'bianca', 'XXX', 'eur', 'JPY', 'a'.repeat(65), 'a'.repeat(140)];
const odd = fc.constantFrom(...json, ...text, ...values);
const edits = fc.array(fc.record({ at: fc.nat(1_000), cut: fc.nat(8), put: odd }), { maxLength: 2 });
const spoilt = fc.tuple(fc.option(fc.string({ maxLength: 80, unit: 'binary' })), edits);

/** Runs `isPlain` on many texts, some as they are written and some spoilt. @returns how often it said yes */
function saidOf(write: (payload: string) => string, isPlain: (written: string) => boolean): number {
  let plain = 0;
  fc.assert(
    fc.property(spoilt, ([reference, changes]) => {
      let written = write(JSON.stringify({ ...payment, reference }));
      for (const { at, cut, put } of changes) {
        const from = at % written.length;
        written = written.slice(0, from) + put + written.slice(from + cut);
      }
      if (isPlain(written)) plain++;
    }),
    { numRuns: 20_000 },
  );
  return plain;
}

describe('a plain payment event', () => {
  it('keeps the schema, whatever its text', () => {
    const plain = saidOf(
      (payload) => payload,
      (payload) => {
        if (!isPlainPaymentEvent(payload)) return false;
        expect([payload, keepsSchema(payload)]).toEqual([payload, true]);
        return true;
      },
    );
    expect(plain).toBeGreaterThan(1_000); // else nothing was tried
  });

  it('is read from its message as the schemas read it, whatever its text, and has no key twice', () => {
    const plain = saidOf(bodyOf, (body) => {
      const found = plainEventOf(body);
      if (found === undefined) return false;
      const { id, type, subject, data } = cloudEvent.parse(JSON.parse(body));
      expect(found).toEqual({ id, type, subject, data: paymentEventData.parse(data) });
      expect(JSON.stringify(JSON.parse(body))).toBe(body);
      return true;
    });
    expect(plain).toBeGreaterThan(1_000);
  });

  it.each([
    ['as most are', {}],
    ['with a reference', { reference: 'Käse für 3 €' }],
    ['of the largest plain amount', { amountMinor: '9'.repeat(15) }],
    ['to an account whose name goes on where the other ends', { src: 'marc', dest: 'marc2' }],
  ])('is told from its text %s', (_, change) =>
    expect(isPlainPaymentEvent(JSON.stringify({ ...payment, ...change }))).toBe(true),
  );

  it.each<[string, Record<string, unknown>]>([
    ['the same account twice', { dest: 'bianca' }],
    ['an unknown currency', { currency: 'XXX' }],
    ['an amount of nothing', { amountMinor: '0' }],
    ['an id of another kind', { paymentId: '01920000-0000-4000-8000-000000000001' }],
    ['a field too many', { more: 1 }],
    ['a name that is too long', { src: 'a'.repeat(65) }],
    ['a reference that is too long', { reference: '€'.repeat(141) }],
  ])('is none with %s', (_, change) => {
    const payload = JSON.stringify({ ...payment, ...change });
    expect(isPlainPaymentEvent(payload)).toBe(false);
    expect(keepsSchema(payload)).toBe(false);
  });

  it('is left to the schema when it has escapes, or the largest amount', () => {
    for (const change of [{ reference: 'Käse "2"' }, { amountMinor: '1000000000000000' }]) {
      const payload = JSON.stringify({ ...payment, ...change });
      expect([isPlainPaymentEvent(payload), keepsSchema(payload)]).toEqual([false, true]);
    }
  });
});
