import type { Fault } from '@paid-once/links';
import type { Command } from 'commander';
import { CliFailure } from '../failure.js';
import { exitCodes } from '../exit-codes.js';
import { duration, percentage } from './quantities.js';

/** What the options of `break` say, as commander hands them over. */
export interface FaultFlags {
  cut?: true;
  slow?: number;
  reset?: number;
  loseAnswers?: true;
  loseRequests?: true;
  drip?: true;
  halfOpen?: true;
}

const slowBounds = { minMs: 1, maxMs: 600_000 };

/** One option for each fault. */
export function addFaultOptions(command: Command): Command {
  return command
    .option('--cut', 'connections are closed, new ones refused (the default)')
    .option('--slow <time>', 'answers come so much later: 800ms, 2s', (text) => duration(text, slowBounds))
    .option('--reset <share>', 'that share of the connections is reset: 30%', percentage)
    .option('--lose-answers', 'requests are done, their answers never arrive')
    .option('--lose-requests', 'requests never arrive')
    .option('--drip', 'everything arrives in crumbs, at about 100 KB/s')
    .option('--half-open', 'nothing arrives on either side, and nobody is told');
}

/** The faults that are asked for, a cut if none is. @throws CliFailure they make no sense together */
export function faultsFrom(flags: FaultFlags): readonly [Fault, ...Fault[]] {
  const { slow, reset } = flags;
  const faults: Fault[] = [
    ...(flags.cut ? [{ kind: 'cut' } as const] : []),
    ...(slow === undefined ? [] : [{ kind: 'slow', ms: slow } as const]),
    ...(reset === undefined ? [] : [{ kind: 'reset', percent: reset } as const]),
    ...(flags.loseAnswers ? [{ kind: 'lose-answers' } as const] : []),
    ...(flags.loseRequests ? [{ kind: 'lose-requests' } as const] : []),
    ...(flags.drip ? [{ kind: 'drip' } as const] : []),
    ...(flags.halfOpen ? [{ kind: 'half-open' } as const] : []),
  ];
  const alone = faults.find(({ kind }) => kind === 'cut' || kind === 'half-open');
  if (alone !== undefined && faults.length > 1)
    throw senseless(`Nothing passes a link that is ${alone.kind}: give --${alone.kind} alone.`);
  if (flags.loseAnswers && flags.loseRequests)
    throw senseless('A link that loses answers and requests is half-open: give --half-open.');
  const [first = { kind: 'cut' }, ...more] = faults;
  return [first, ...more];
}

/** @param happened what is wrong, and what is right */
export function senseless(happened: string): CliFailure {
  return new CliFailure(exitCodes.usage, happened, 'Nothing was changed.', 'npx paid-once break --help');
}
