import { ParameterInvalid } from '@paid-once/service';

export function readText(parameter: string, text: unknown, pattern: RegExp): string {
  if (typeof text === 'string' && pattern.test(text)) return text;
  throw new ParameterInvalid(`${parameter}: give what "next" of the page before said.`);
}
