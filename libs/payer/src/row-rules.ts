import {
  accountName,
  currencyDecimals,
  isPlainText,
  maxReferenceLength,
  parseAmount,
  type AmountRefusal,
} from '@paid-once/contracts';

/** What a row says, as it stands there. */
export interface RowFields {
  src: string;
  dest: string;
  amount: string;
  currency?: string;
  reference?: string;
}

export interface RowFault {
  /** A column's name, or its index. */
  column: string | number;
  message: string;
}

/** What payments would refuse anyway, so that it is known before anybody is paid. Undefined: nothing to object to. */
export function rowFault({
  src,
  dest,
  amount,
  currency = 'EUR',
  reference = '',
}: RowFields): RowFault | undefined {
  for (const [column, name] of Object.entries({ src, dest }))
    if (!accountName.safeParse(name).success)
      return { column, message: `"${name}" is no account: 1 to 64 letters, digits, _ or -` };
  if (src === dest) return { column: 'dest', message: `"${dest}" would pay itself` };
  if (currencyDecimals(currency) === undefined)
    return { column: 'currency', message: `"${currency}" is no ISO 4217 currency` };
  const minor = parseAmount(amount, currency);
  if (typeof minor !== 'bigint')
    return { column: 'amount', message: `"${amount}" ${amountRefusals[minor]} (${currency})` };
  if (!isPlainText(reference)) return { column: 'reference', message: 'has control characters' };
  if (reference.includes('\uFFFD'))
    return { column: 'reference', message: 'is not UTF-8: save the file in that encoding' };
  if (reference.length > maxReferenceLength)
    return { column: 'reference', message: `is longer than ${maxReferenceLength} characters` };
  return undefined;
}

const amountRefusals: Readonly<Record<AmountRefusal, string>> = {
  'not-a-decimal': 'is no amount: digits, and a point before the decimals',
  'not-positive': 'is not more than zero',
  'too-many-decimals': 'has more decimals than the currency',
  'out-of-range': 'is more than one payment may have',
};
