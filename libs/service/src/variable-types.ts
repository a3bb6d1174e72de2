import { z } from 'zod';

// Kinds of variables. `takes` is what the documentation says of what may be given.

export const flag = z
  .enum(['true', 'false'], { error: 'is neither true nor false' })
  .transform((text) => text === 'true')
  .meta({ takes: 'true, false' })
  .default(false);

export const port = (otherwise: number) => integer({ min: 1, max: 65_535, otherwise });

export const integer = ({ min, max, otherwise }: { min: number; max: number; otherwise: number }) =>
  z
    .string()
    .regex(/^\d{1,10}$/, `is no whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `is not from ${min} to ${max}`)
    .meta({ takes: `${min.toLocaleString('en')} to ${max.toLocaleString('en')}` })
    .default(otherwise);

/** A URL with one of these schemes, such as `postgres:`. */
export const url = (...schemes: string[]) =>
  z
    .string()
    .refine(
      (text) => {
        const parsed = URL.parse(text);
        return (
          parsed !== null && schemes.includes(parsed.protocol) && parsed.hostname !== '' && !hasBareAt(text)
        );
      },
      `is no URL of the form ${schemes.map((scheme) => `${scheme}//…`).join(' or ')}; in a password, @ is written %40`,
    )
    .meta({ takes: schemes.map((scheme) => `${scheme}//…`).join(', ') });

export const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) => {
  const named = values.length === 1 ? values[0] : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  return z.enum(values, { error: `is not ${named}` }).meta({ takes: values.join(', ') });
};

/** With commas, without blanks. */
export const list = (shape: RegExp, of: string) =>
  z
    .string()
    .regex(shape, `is no list of ${of} with commas`)
    .transform((all) => all.split(','))
    .meta({ takes: `${of}, with commas` });

/** Which of two ends the password is anybody's guess, and readers of URLs guess differently. */
const hasBareAt = (text: string) => /^[^/]*\/\/[^/?#]*@[^/?#]*@/.test(text);
