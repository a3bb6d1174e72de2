import { describe, expect, it } from '@jest/globals';
import { parkReasons } from '@paid-once/inbox';
import { ledgerReasons, meaningOf } from './reasons.js';

describe('a reason', () => {
  it('of the ledger is explained, every one of them', () =>
    expect(ledgerReasons.toSorted()).toEqual([...new Set([...parkReasons, 'dead-lettered'])].toSorted()));

  it.each([
    ['behind', 'an earlier message of its payment is dead'],
    ['invalid', 'not what a payment event is'],
    ['too-big', 'larger than any payment event'],
    ['unencodable', 'cannot be written as a message'],
    ['something new', 'can never be published as it is'],
  ])('of the relay is explained: %s', (reason, means) =>
    expect(meaningOf('outbox', reason).means).toContain(means),
  );
});
