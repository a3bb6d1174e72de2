import { SideUnreachable } from '@paid-once/compare';
import { LinkNotSetUp, LinksRefused, LinksUnreachable, UnknownLink } from '@paid-once/links';
import { BadSettings } from '@paid-once/service/basics';
import { exitCodes, type ExitCode } from './exit-codes.js';

/** Why a verb ended early: what happened, what it means for the money, what to do next. */
export class CliFailure extends Error {
  override readonly name = 'CliFailure';

  constructor(
    readonly exitCode: ExitCode,
    readonly happened: string,
    readonly money: string,
    readonly next: string,
  ) {
    super(happened);
  }
}

/** The failure an error means for a user; undefined for what is a bug of ours. */
export function failureOf(error: unknown): CliFailure | undefined {
  if (error instanceof CliFailure) return error;
  if (error instanceof SideUnreachable)
    return unreachable(
      `${sideNames[error.side]} at ${error.url} does not answer: ${error.reason}.`,
      error.side,
    );
  if (error instanceof UnknownLink)
    return new CliFailure(exitCodes.usage, error.message, 'Nothing was changed.', 'npx paid-once links');
  if (error instanceof BadSettings)
    return new CliFailure(
      exitCodes.usage,
      error.message,
      'Nothing was started or changed.',
      'Set them right and try again.',
    );
  // These say all three things themselves.
  if (error instanceof LinksUnreachable || error instanceof LinkNotSetUp)
    return new CliFailure(exitCodes.unreachable, error.message, '', '');
  if (error instanceof LinksRefused)
    return new CliFailure(
      exitCodes.differ,
      error.message,
      'Money is unaffected: only a link stays as it was.',
      'npx paid-once links',
    );
  return undefined;
}

const sideNames = { payments: 'Payments', ledger: 'The ledger', relay: 'The relay' };

/** A service of ours does not answer. */
export function unreachable(happened: string, service: 'payments' | 'ledger' | 'relay'): CliFailure {
  const money = {
    payments: 'No new payment can be accepted there now; what was accepted is kept in its database.',
    ledger: 'What was accepted waits in outbox and broker until the ledger is back: nothing is lost.',
    relay: 'What was accepted waits in the outbox until the relay is back: nothing is lost.',
  }[service];
  return new CliFailure(
    exitCodes.unreachable,
    happened,
    money,
    'Does it run? Start it with npm start or docker compose up.',
  );
}
