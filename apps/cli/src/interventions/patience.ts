import { InvalidArgumentError, type Command } from 'commander';

const usualSeconds = 60;

/** The options of verbs that ask the relay for something and wait until it is done. */
export function addPatience(verb: Command): Command {
  return verb
    .option('--no-wait', 'only ask for it: the relay does it by itself')
    .option(
      '--timeout <seconds>',
      'give up waiting when nothing has moved for so long',
      seconds,
      usualSeconds,
    );
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 86_400)
    throw new InvalidArgumentError('It is a number of seconds, up to a day.');
  return value;
}
