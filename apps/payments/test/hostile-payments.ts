const good = '"src":"bianca","dest":"marc","amount":"1"';
const levels = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const keys = Array.from({ length: 33 }, (_, index) => `"k${index}":1`).join(',');

/** Bodies that are refused before a field of them is looked at, with status and problem. */
export const badBodies: [title: string, body: string | Buffer, status: number, type: string][] = [
  ['P1: no JSON', '{', 400, 'malformed-json'],
  ['P1: nothing', '', 400, 'malformed-json'],
  ['P1: NaN', `{"src":"a","dest":"b","amount":NaN}`, 400, 'malformed-json'],
  ['P1: a byte order mark', `\uFEFF{${good}}`, 400, 'malformed-json'],
  ['P1: single quotes', `{'src':'a'}`, 400, 'malformed-json'],
  ['P1: JSON that was cut off', `{${good}`, 400, 'malformed-json'],
  ['P1: JSON and more', `{${good}}{}`, 400, 'malformed-json'],
  ['P1: a comment', `{${good}/*1*/}`, 400, 'malformed-json'],
  ['P2: an array', '[]', 400, 'malformed-json'],
  ['P2: a payment within an array', `[{${good}}]`, 400, 'malformed-json'],
  ['P2: a string', '"a"', 400, 'malformed-json'],
  ['P2: a number', '1', 400, 'malformed-json'],
  ['P2: null', 'null', 400, 'malformed-json'],
  ['P2: true', 'true', 400, 'malformed-json'],
  ['P3: a key twice', `{${good},"amount":"2"}`, 400, 'duplicate-key'],
  ['P3: a key twice, once in escapes', `{${good},"\\u0061mount":"2"}`, 400, 'duplicate-key'],
  ['P3: a key twice within a field', `{${good},"x":{"a":1,"a":1}}`, 400, 'duplicate-key'],
  ['P5: nine levels', `{${good},"x":${levels(8)}}`, 400, 'too-complex'],
  ['P5: four thousand levels', `{${good},"x":${levels(4_000)}}`, 400, 'too-complex'],
  ['P5: 33 keys', `{${keys}}`, 400, 'too-complex'],
  ['P6: 17 KB', `{${good},"reference":"${'x'.repeat(17_000)}"}`, 413, 'body-too-large'],
  [
    'P8: bytes that are not UTF-8',
    Buffer.from(`{${good},"reference":"\xff"}`, 'latin1'),
    400,
    'malformed-json',
  ],
  ['P8: half a surrogate pair', `{${good},"reference":"\\ud800"}`, 400, 'malformed-json'],
  ['P8: half a surrogate pair in a key', `{${good},"\\udc00":1}`, 400, 'malformed-json'],
];

const field = (name: string, values: unknown[], what: string, type: string) =>
  values.map((value): [string, object, string] => [
    `${what} ${JSON.stringify(value).slice(0, 40)}`,
    { [name]: value },
    type,
  ]);
const number = (text: string, what: string, type: string): [string, string, string] => [
  what,
  `{"src":"bianca","dest":"marc","amount":${text}}`,
  type,
];

/** Fields that are refused with 422: what replaces those of a good payment, or the whole body. */
export const badPayments: [title: string, fields: object | string, type: string][] = [
  ['P4: __proto__', `{${good},"__proto__":{"polluted":true}}`, 'unknown-field'],
  ['P4: constructor', `{${good},"constructor":1}`, 'unknown-field'],
  ['P4: prototype', `{${good},"prototype":1}`, 'unknown-field'],
  ['P4: a status', { status: 'accepted' }, 'unknown-field'],
  ['P4: an id', { id: '01920000-0000-7000-8000-000000000001' }, 'unknown-field'],
  ['P4: a time', { createdAt: '2020-01-01' }, 'unknown-field'],
  ['P9: a NUL in the reference', { reference: 'a\0b' }, 'invalid-text'],
  ['P9: an escape sequence for terminals', { reference: '\u001b[2J' }, 'invalid-text'],
  ['P9: ends of lines', { reference: 'a\r\nb' }, 'invalid-text'],
  ['P9: a control character of C1', { reference: 'a\u0085b' }, 'invalid-text'],
  ['P9: a NUL in an account', { src: 'a\0b' }, 'invalid-account'],
  ['P10: no amount', '{"src":"bianca","dest":"marc"}', 'invalid-amount'],
  ...field('amount', [null, true, [], {}, ''], 'P10: the amount', 'invalid-amount'),
  ...field(
    'amount',
    [' 12 ', '0x10', '1e3', '+5', '١٢', '1,000.00', '12.34\n', 'NaN', 'Infinity', '1.', '.5', '1_0'],
    'P11: the amount',
    'invalid-amount',
  ),
  number('1e3', 'P11: the number 1e3', 'invalid-amount'),
  ...field('amount', ['0', '-0', '-1', '0.001', '12.345'], 'P12: the amount', 'invalid-amount'),
  number('-0', 'P12: the number -0', 'invalid-amount'),
  number('-1', 'P12: the number -1', 'invalid-amount'),
  number('1.0000000000000001', 'P12: the number 1.0000000000000001, which is 1 as a float', 'invalid-amount'),
  ['P12: half a yen', { amount: '1.5', currency: 'JPY' }, 'invalid-amount'],
  ['P12: four decimals of a dinar', { amount: '1.2345', currency: 'BHD' }, 'invalid-amount'],
  number(
    '9007199254740993',
    'P13: the number 9007199254740993, which is …992 as a float',
    'amount-out-of-range',
  ),
  number('1e400', 'P13: the number 1e400, which is infinite as a float', 'amount-out-of-range'),
  ['P13: the amount 9223372036854775808', { amount: '9223372036854775808' }, 'amount-out-of-range'],
  ['P13: 400 digits', { amount: '9'.repeat(400) }, 'amount-out-of-range'],
  ['P13: a cent more than the most', { amount: '10000000000000.01' }, 'amount-out-of-range'],
  ...field(
    'currency',
    ['eur', 'EURO', 'XXX', '', 'ΕUR', 'EUR\u200b', 'EUR ', null, 978],
    'P15: the currency',
    'invalid-currency',
  ),
  ['P16: the same account twice', { dest: 'bianca' }, 'same-account'],
  ...field(
    'src',
    ['', 'marc ', 'jose\u0301', 'josé', '\u202ebianca', 'bi\u200banca', null, 1],
    'P16: the account',
    'invalid-account',
  ),
  ['P16: an account of 10,000 characters', { src: 'x'.repeat(10_000) }, 'invalid-account'],
  ['P17: a reference of 141 characters', { reference: 'x'.repeat(141) }, 'invalid-text'],
  ['P17: a reference that is no text', { reference: 1 }, 'invalid-text'],
  ...field('src', ["'; DROP TABLE payment_event; --", "1' OR '1'='1"], 'P18: the account', 'invalid-account'),
  ['P18: SQL for a currency', { currency: "EUR'--" }, 'invalid-currency'],
  ['P18: SQL for an amount', { amount: "1'; COMMIT; --" }, 'invalid-amount'],
  ['P10: no amount to speak of and no account, both told', { src: '', amount: 0 }, 'validation-failed'],
];
