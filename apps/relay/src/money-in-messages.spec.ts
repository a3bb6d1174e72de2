import { expect, it } from '@jest/globals';
import { MoneyInMessages } from './money-in-messages.js';

const message = (amountMinor: string, currency = 'EUR', type = 'payment.accepted') => ({
  type,
  payload: JSON.stringify({
    paymentId: '01920000-0000-7000-8000-000000000001',
    src: 'bianca',
    dest: 'marc',
    amountMinor,
    currency,
    reference: null,
  }),
});

it.each([
  [[], 'nothing'],
  [[message('100')], '1 payment over EUR 1.00'],
  [[message('100'), message('230'), message('7', 'JPY')], '3 payments over EUR 3.30 + JPY 7'],
  [
    [message('100'), message('100', 'EUR', 'payment.reversed')],
    '1 payment over EUR 1.00 and 1 reversal over EUR 1.00',
  ],
  [[message('100'), { type: 'of.others', payload: 'no JSON' }], '2 payments over EUR 1.00'],
])('says what is missing in money', (messages, said) => {
  const money = new MoneyInMessages();
  money.add(messages);
  expect([money.describe(), money.count]).toEqual([said, messages.length]);
});
