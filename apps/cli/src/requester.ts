import { userInfo } from 'node:os';
import { InvalidArgumentError, type Command } from 'commander';

/** Who asks for an intervention and why: it is written down beside what was done, for good. */
export interface Requester {
  by: string;
  why: string;
}

/** Characters, as the services take them. */
const longest = { by: 200, why: 200 };

/** The options that every verb which puts something right has. */
export function addRequester(verb: Command): Command {
  return verb
    .requiredOption('--why <text>', 'the reason; it is written down with what was done', (text) =>
      said(text, longest.why),
    )
    .option('--by <name>', 'who does it; default: who is logged in here', (text) => said(text, longest.by));
}

/** @param flags as commander read them */
export function requesterOf({ by, why }: { by?: string; why: string }): Requester {
  return { by: by ?? loggedIn(), why };
}

function said(text: string, most: number): string {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > most)
    throw new InvalidArgumentError(`It is a text of 1 to ${most} characters.`);
  return trimmed;
}

/** A container's user may have no name. */
function loggedIn(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
