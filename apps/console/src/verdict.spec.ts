import { describe, expect, it } from '@jest/globals';
import { breakKinds, type Break, type BreakKind, type Comparison } from '@paid-once/compare';
import type { LinkState } from '@paid-once/links';
import type { Parts } from '../../cli/src/status/parts.js';
import { balancesIn, verdictFrom } from './verdict.js';

const now = new Date('2026-11-22T10:00:00Z');
const none: Break = { count: 0, totals: {}, oldestSeconds: 0 };
const some = (count: number): Break => ({ count, totals: { EUR: `${count}.00` }, oldestSeconds: 12 });
const balance = (count: number) => ({ count, totals: { EUR: `${count}.00` }, reversals: 0 });

function parts({ accepted = 7, posted = 7, pending = 0, cut = false } = {}): Parts {
  const relay = { pending, oldestSeconds: 3, deadLetters: 0, published: 0, trouble: undefined, shards: [] };
  const link = { name: 'relay-rabbitmq', listen: '', upstream: '', enabled: !cut, toxics: [] } as LinkState;
  return {
    payments: { value: balance(accepted) },
    outbox: { value: { ...relay, repair: undefined, retention: null } },
    ledger: { value: balance(posted) },
    consumer: { value: { consumer: { kind: 'consuming', cause: undefined } } },
    parked: { value: { count: 0 } },
    links: { value: [link] },
    interventions: { value: { open: 0, items: [] } },
    dead: { value: [] },
  };
}

function comparison(found: Partial<Record<BreakKind, Break>>, accepted = 7, posted = 7): Comparison {
  const breaks = Object.fromEntries(breakKinds.map((kind) => [kind, found[kind] ?? none]));
  return {
    agree: Object.keys(found).length === 0,
    payments: balance(accepted),
    ledger: balance(posted),
    breaks: breaks as Comparison['breaks'],
  };
}

const verdict = (of: Parts, compared: Comparison) =>
  verdictFrom(of, { comparison: compared, at: now, of: balancesIn(of) }, now);

describe('the sentence about the money', () => {
  it('says that the ledgers agree only of what was compared', () => {
    const all = parts();
    expect(verdict(all, comparison({}))).toEqual({
      kind: 'agree',
      says: 'The ledgers agree: 7 payments, EUR 7.00, each posted exactly once.',
      helps: null,
    });
    expect(verdictFrom(all, undefined, now)).toMatchObject({
      kind: 'under-way',
      says: 'Both sides hold 7 payments, EUR 7.00; they are being compared.',
    });
    const older = { comparison: comparison({}), at: now, of: balancesIn(parts({ accepted: 6, posted: 6 })) };
    expect(verdictFrom(all, older, now).kind).toBe('under-way');
  });

  it('says so of two empty ledgers', () =>
    expect(verdict(parts({ accepted: 0, posted: 0 }), comparison({}, 0, 0))).toMatchObject({
      kind: 'empty',
      says: 'Both ledgers are empty, so they agree.',
    }));

  it('says where the money is that is under way, and which link keeps it there', () => {
    const cut = parts({ posted: 4, pending: 3, cut: true });
    expect(verdict(cut, comparison({ inOutbox: some(3) }, 7, 4))).toEqual({
      kind: 'stuck',
      says: '3 payments (EUR 3.00) are safe in the outbox, the oldest for 12 s. The link relay-rabbitmq is cut.',
      helps: 'npx paid-once heal',
    });
    const aMinuteAgo = new Date(now.getTime() - 60_000);
    const compared = {
      comparison: comparison({ inOutbox: some(3) }, 7, 4),
      at: aMinuteAgo,
      of: balancesIn(cut),
    };
    expect(verdictFrom(cut, compared, now).says).toContain('the oldest for 1 min 12 s');
    expect(verdictFrom(cut, undefined, now).says).toBe(
      '3 payments are on the way, safe in the outbox. The link relay-rabbitmq is cut.',
    );
  });

  it.each(['deadLettered', 'parked'] as const)('says that a person must decide what is %s', (kind) =>
    expect(verdict(parts({ posted: 6 }), comparison({ [kind]: some(1) }, 7, 6))).toMatchObject({
      kind: 'stuck',
      helps: 'npx paid-once dead list',
    }),
  );

  it.each(['missing', 'unexpected', 'duplicate', 'amountDiffers', 'order'] as const)(
    'calls it a difference when one is %s, whatever else is under way',
    (kind) =>
      expect(
        verdict(parts({ posted: 6 }), comparison({ [kind]: some(1), inOutbox: some(2) }, 7, 6)),
      ).toMatchObject({ kind: 'differ', says: expect.stringContaining('do NOT agree') }),
  );

  it('does not know while a side does not answer, whatever was compared before', () => {
    const away = { ...parts(), ledger: { reason: 'ECONNREFUSED' } };
    expect(verdict(away, comparison({}))).toMatchObject({
      kind: 'unknown',
      says: 'Whether the ledgers agree is not known: the ledger does not answer. What was accepted is kept.',
    });
  });
});
