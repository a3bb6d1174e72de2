import { expect, it } from '@jest/globals';
import { MarkerPatience } from './marker-patience.js';

it('has twice the patience with each marker that does not come, so that a ledger far behind gets few of them', () => {
  const patience = new MarkerPatience();
  const lostAt = Array.from({ length: 300 }, (_, look) => (patience.isOver(0) ? look + 1 : 0)).filter(
    Boolean,
  );
  expect(lostAt).toEqual([3, 9, 21, 45, 93, 141, 189, 237, 285]);
  expect([1, 2, 3].map(() => patience.isOver(1))).toEqual([false, false, true]);
  patience.arrived(0);
  expect([1, 2, 3].map(() => patience.isOver(0))).toEqual([false, false, true]);
});
