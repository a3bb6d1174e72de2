import { compare, Markers } from '@paid-once/compare';
import { pause } from '@paid-once/service/basics';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';
import { age } from '../output/words.js';
import { apiKey } from '../credential.js';
import { sideOf } from '../side-of.js';

const betweenLooksMs = 200;

/**
 * Sends a marker through outbox, broker and inbox of every shard; once the ledger has them, what was published before and
 * is neither posted nor parked is missing.
 * @returns the payments, each once
 * @throws CliFailure no marker came through in time: nothing can be called missing then
 * @throws SideUnreachable a side did not answer
 */
export async function findMissing(options: {
  payments: string;
  ledger: string;
  patienceMs: number;
  onWaiting: (forWhat: string) => void;
  signal: AbortSignal;
}): Promise<string[]> {
  const { payments, ledger, patienceMs, onWaiting, signal } = options;
  const { olderThan } = await sideOf('payments', payments, signal).bound(0);
  const markers = new Markers({ payments, ledger, signal, key: apiKey() });
  const until = performance.now() + patienceMs;
  while (!(await markers.look())) {
    if (performance.now() > until) throw noMarker(patienceMs);
    onWaiting('a marker to come through outbox, broker and inbox');
    await pause(betweenLooksMs, signal);
    signal.throwIfAborted();
  }
  onWaiting('the comparison of both ledgers');
  const missing = new Set<string>();
  await compare({
    payments,
    ledger,
    signal,
    key: apiKey(),
    olderThan,
    markers: markers.arrived,
    onBreak: ({ kind, paymentId }) => void (kind === 'missing' && missing.add(paymentId)),
  });
  return [...missing];
}

function noMarker(patienceMs: number): CliFailure {
  return new CliFailure(
    exitCodes.unreachable,
    `No marker came through within ${age(patienceMs / 1_000)}: what was published may still be on its way.`,
    'Nothing can be called missing yet, so nothing was published again. Nothing is lost by waiting.',
    'npx paid-once status',
  );
}
