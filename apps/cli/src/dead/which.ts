import { isUuidV7 } from '@paid-once/contracts';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { ledgerReasons } from './reasons.js';

/** Which of the messages that got stuck are meant. As the services take it. */
export type Which = { all: true } | { reason: string } | { payments: readonly string[] };

/** @throws CliFailure neither or both were given */
export function whichOf(text: string | undefined, { all }: { all?: true }): Which {
  if ((text === undefined) === (all === undefined))
    throw new CliFailure(
      exitCodes.usage,
      text === undefined
        ? 'Say which: a reason, the id of a payment, or --all.'
        : 'Say a reason or payment, or --all, not both.',
      'Nothing was changed.',
      'npx paid-once dead list',
    );
  if (text === undefined) return { all: true };
  return isUuidV7(text) ? { payments: [text] } : { reason: text };
}

/** In a few words, as after "messages": "of payment 019a…", "with the reason conflict", "" for all. */
export function whichText(which: Which): string {
  if ('all' in which) return '';
  return 'reason' in which ? ` with the reason ${which.reason}` : ` of payment ${which.payments.join(', ')}`;
}

/** A reason or payment as one would type it in a shell. */
export function quoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Whether the ledger may have such messages: it refuses reasons that it does not know, as the relay's are. */
export function mayBeParked(which: Which): boolean {
  return !('reason' in which) || ledgerReasons.includes(which.reason);
}

/** The filter in a query; empty for all. */
export function queryOf(which: Which): URLSearchParams {
  if ('all' in which) return new URLSearchParams();
  if ('reason' in which) return new URLSearchParams({ reason: which.reason });
  return new URLSearchParams(which.payments.map((id): [string, string] => ['payment', id]));
}
