import { describe, expect, it } from '@jest/globals';
import { parkReasons } from '@paid-once/inbox';
import { ledgerReasons, meaningOf } from './reasons.js';

describe('a reason', () => {
  it('of the ledger is explained, every one of them', () =>
    expect(ledgerReasons.toSorted()).toEqual([...new Set([...parkReasons, 'dead-lettered'])].toSorted()));

  it.each([
    ['behind', 'an earlier message of its payment is dead'],
    ['invalid: src', 'not what a payment event is'],
    [
      'PRECONDITION_FAILED - message size 17 is larger than configured max size 16',
      'takes a message of this size',
    ],
    ["Field 'headers' is not encodable", 'takes a message of this size or with these headers'],
    ['something new', 'can never be published as it is'],
  ])('of the relay is explained: %s', (reason, means) =>
    expect(meaningOf('outbox', reason).means).toContain(means),
  );
});
