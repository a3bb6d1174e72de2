import { ParameterInvalid, type QueryParameter } from '@paid-once/service';

const nextOfPage = 'what "next" of the page before said';

export function readText(parameter: string, text: unknown, pattern: RegExp, wanted = nextOfPage): string {
  if (typeof text === 'string' && pattern.test(text)) return text;
  throw new ParameterInvalid(`${parameter}: give ${wanted}.`);
}

/** Where a page begins. @param pattern of what `next` of the page before says */
export const afterParameter = (pattern: RegExp): QueryParameter => ({
  name: 'after',
  description: 'What `next` of the page before said.',
  schema: { type: 'string', pattern: pattern.source },
  read: (text) => readText('after', text, pattern),
});
