import { describe, expect, it } from '@jest/globals';
import { age, counted, difference, grouped, money } from './words.js';

describe('figures for people', () => {
  it.each([
    ['0', '0'],
    ['999', '999'],
    ['1000', '1,000'],
    ['10000000000000.00', '10,000,000,000,000.00'],
    ['-1234.50', '-1,234.50'],
  ])('%s reads %s', (amount, text) => expect(grouped(amount)).toBe(text));

  it.each([
    ['1000.00', '588.00', '412.00'],
    ['588.00', '1000.00', '-412.00'],
    ['0.1', '0.3', '-0.2'],
    ['0', '0.05', '-0.05'],
    ['90071992547409.93', '0.01', '90071992547409.92'],
    ['5', '5', '0'],
  ])('%s − %s is exactly %s', (a, b, result) => expect(difference(a, b)).toBe(result));

  it('names money by currency', () => {
    expect([money({}), money({ EUR: '1250.00' }), money({ EUR: '1.00', JPY: '300', USD: '2.00' })]).toEqual([
      'no money',
      'EUR 1,250.00',
      'EUR 1.00, JPY 300 and USD 2.00',
    ]);
  });

  it('names ages and counts', () => {
    expect([0.42, 9.96, 59.6, 200, 7_500, 200_000].map(age)).toEqual([
      '0.4 s',
      '10 s',
      '60 s',
      '3 min 20 s',
      '2 h 5 min',
      '2 days',
    ]);
    expect([counted(1, 'payment'), counted(1_412, 'payment')]).toEqual(['1 payment', '1,412 payments']);
  });
});
