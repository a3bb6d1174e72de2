import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPlainPaymentEvent, paymentEventData, type PaymentEventData } from './payment-event.js';

const payment: PaymentEventData = {
  paymentId: '01920000-0000-7000-8000-000000000001',
  src: 'bianca',
  dest: 'marc',
  amountMinor: '1299',
  currency: 'EUR',
  reference: null,
};

function keepsSchema(payload: string): boolean {
  try {
    return paymentEventData.safeParse(JSON.parse(payload)).success;
  } catch {
    return false;
  }
}

describe('a plain payment event', () => {
  it('keeps the schema, whatever its text', () => {
    const json = ['"', '\\', '\\u0000', '\n', '}', ',', 'null'];
    const text = ['', ' ', '-', '0', '00', '9'.repeat(20), 'e9', 'é', '💶', '\u2028'];
    const values = ['marc', 'bianca', 'XXX', 'eur', 'JPY', 'a'.repeat(65), 'a'.repeat(140)];
    const odd = fc.constantFrom(...json, ...text, ...values);
    const edits = fc.array(fc.record({ at: fc.nat(1_000), cut: fc.nat(8), put: odd }), { maxLength: 2 });
    let plain = 0;
    const spoilt = fc.tuple(fc.option(fc.string({ maxLength: 80, unit: 'binary' })), edits);
    fc.assert(
      fc.property(spoilt, ([reference, changes]) => {
        let payload = JSON.stringify({ ...payment, reference });
        for (const { at, cut, put } of changes) {
          const from = at % payload.length;
          payload = payload.slice(0, from) + put + payload.slice(from + cut);
        }
        if (!isPlainPaymentEvent(payload)) return;
        plain++;
        expect([payload, keepsSchema(payload)]).toEqual([payload, true]);
      }),
      { numRuns: 20_000 },
    );
    expect(plain).toBeGreaterThan(1_000); // else nothing was tried
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
