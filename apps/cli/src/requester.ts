import { requester } from '@paid-once/contracts';
import { userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';

/** Who asks for an intervention and why: it is written down beside what was done, for good. */
export interface Requester {
  by: string;
  why: string;
}

/** The options that every verb which puts something right has. */
export function addRequester(verb: Command): Command {
  return verb
    .requiredOption('--why <text>', 'the reason; it is written down with what was done', saidWhy)
    .option('--by <name>', 'who does it; default: who is logged in here', saidBy);
}

export const saidBy = (text: string): string => said('by', text);
export const saidWhy = (text: string): string => said('why', text);

/** @param flags as commander read them */
export function requesterOf({ by, why }: { by?: string; why: string }): Requester {
  return { by: by ?? loggedIn(), why };
}

function said(what: keyof Requester, text: string): string {
  const { data, error } = requester[what].safeParse(text);
  if (data === undefined) throw new InvalidArgumentError(`It ${error.issues[0]?.message}.`);
  return data;
}

/** A container's user may have no name. */
function loggedIn(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
