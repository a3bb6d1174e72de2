import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fingerprintOf } from './payment-command.js';
import { readPaymentRequest } from './payment-request.js';

const account = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const cents = fc.bigInt(1n, 1_000_000_000_000_000n);
const reference = fc.option(fc.stringMatching(/^[ -~äöü€]{1,140}$/), { nil: null });
const request = fc
  .record({ src: account, dest: account, cents, currency: fc.constantFrom('EUR', 'USD'), reference })
  .filter(({ src, dest }) => src !== dest);
type Request = typeof request extends fc.Arbitrary<infer Fields> ? Fields : never;

/** As the service reads it. */
function fingerprint(json: string): string {
  return fingerprintOf({
    kind: 'pay',
    client: 'c',
    idempotencyKey: 'k',
    ...readPaymentRequest(JSON.parse(json)),
  });
}

const amountOf = (minor: bigint) => `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;
const fieldsOf = ({ cents: minor, ...others }: Request) => ({ ...others, amount: amountOf(minor) });

describe('the fingerprint of a request', () => {
  it('P22: ignores the order of its keys, white space, zeros that say nothing, and defaults that are spelt out', () => {
    const order = fc.constantFrom('src', 'dest', 'amount', 'currency', 'reference');
    const space = fc.constantFrom('', ' ', '\n', '\t\r\n ');
    fc.assert(
      fc.property(request, order, space, fc.boolean(), (fields, first, blank, isTerse) => {
        const whole = fieldsOf(fields);
        const entries = Object.entries(whole).sort(([a], [b]) => Number(b === first) - Number(a === first));
        const said = entries.filter(
          ([name, value]) => !isTerse || (value !== null && !(name === 'currency' && value === 'EUR')),
        );
        const amount = isTerse ? whole.amount.replace(/\.?0+$/, '') : `00${whole.amount}`;
        const pairs = said.map(
          ([name, value]) =>
            `${JSON.stringify(name)}${blank}:${blank}${JSON.stringify(name === 'amount' ? amount : value)}`,
        );
        const spelt = `${blank}{${blank}${pairs.join(`${blank},${blank}`)}${blank}}${blank}`;
        expect(fingerprint(spelt)).toBe(fingerprint(JSON.stringify(whole)));
      }),
    );
  });

  it('P23: differs when any field does', () => {
    fc.assert(
      fc.property(request, request, (one, other) => {
        const [a, b] = [fieldsOf(one), fieldsOf(other)];
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(fingerprint(JSON.stringify(a))).not.toBe(fingerprint(JSON.stringify(b)));
        for (const name of ['amount', 'currency', 'reference'] as const) {
          if (a[name] === b[name]) continue;
          const mixed = JSON.stringify({ ...a, [name]: b[name] });
          expect(fingerprint(mixed)).not.toBe(fingerprint(JSON.stringify(a)));
        }
      }),
    );
  });
});
