import { describe, expect, it } from '@jest/globals';
import { measuredTables, whenRight } from './chapters-view.js';
import { asExpected, hop, result } from './test/results.js';

const cellsOf = (line: string) =>
  line
    .split('│')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('the measured tables', () => {
  const lines = measuredTables([result(1, hop(1_060, 0), hop(28, 3)), ...asExpected.slice(1)]);
  const rows = lines.filter((line) => line.startsWith('│')).map(cellsOf);

  it('tell of the client’s hop, the ledger’s hop and the cost, a row for each chapter', () => {
    expect(rows).toHaveLength(3 * (1 + 4));
    expect(rows.slice(0, 2)).toEqual([
      ['', 'attempts', 'rows', 'payments', 'lost', 'EUR', 'twice', 'EUR', 'p50 ms', 'p95 ms', 'paid/s'],
      ['1 naive', '1,234', '200', '-860', '1,060', '1,060.00', '0', '0.00', '12', '346', '79'],
    ]);
    expect(rows.slice(5, 7)).toEqual([
      ['', 'payments', 'transfers', 'lost', 'EUR', 'twice', 'EUR'],
      ['1 naive', '200', '175', '28', '28.00', '3', '3.00'],
    ]);
    expect(rows.slice(10, 12)).toEqual([
      ['', 'SQL statements', 'messages', 'attempts'],
      ['1 naive', '10.5', '1.0', '6.2'],
    ]);
    expect(rows.at(-1)?.[0]).toBe('4 paying exactly once');
  });

  it('fit into a terminal of 120 columns', () =>
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120));

  it('are followed by when each model is right', () => {
    expect(whenRight()).toHaveLength(4);
    expect(whenRight()[2]).toContain('never right');
  });
});
