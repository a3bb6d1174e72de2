import {
  markVerified,
  messagesBefore,
  readMessages,
  requestReplay,
  type OpenMarker,
  type Verification,
} from '@paid-once/outbox';
import { reading } from '@paid-once/service';
import type { DataSource } from 'typeorm';
import type { AskLedger } from './ask-ledger.js';
import { MoneyInMessages } from './money-in-messages.js';

/** What the ledger is asked about at once; the next ones are read when it has answered. */
const idsAtOnce = 1_000;

/** How the verifier names itself where it asks for a replay. */
export const repairer = 'relay';

export interface Verdict {
  /** Messages that were asked about. */
  asked: number;
  /** What the ledger has never seen: it is being published again. */
  missing: MoneyInMessages;
  /** Messages of a time that the inbox no longer remembers: published again they would be parked, not posted. */
  forgotten: number;
}

/**
 * Asks the ledger about every message that must have arrived when this marker has, and requests a replay of what is
 * missing. Without any the marker is verified, and none of these messages is asked about again.
 * @param marker one that the ledger has
 * @throws LedgerSilent nothing is decided; what was requested so far stays requested, the inbox absorbs what comes twice
 */
export async function verifyShard(
  database: DataSource,
  ledger: AskLedger,
  verification: Verification,
  marker: OpenMarker,
): Promise<Verdict> {
  const verdict: Verdict = { asked: 0, missing: new MoneyInMessages(), forgotten: 0 };
  for await (const messages of messagesBefore(database, verification, marker, idsAtOnce)) {
    if (messages.length === 0) continue;
    verdict.asked += messages.length;
    const unknown = new Set(await ledger.unknown(messages.map(({ messageId }) => messageId)));
    if (unknown.size === 0) continue;
    const oldest = await ledger.oldestRemembered();
    const missing = messages.filter(({ messageId }) => unknown.has(messageId) && messageId >= oldest);
    verdict.forgotten += unknown.size - missing.length;
    if (missing.length === 0) continue;
    const ids = missing.map(({ id }) => id);
    const why = `missing after marker ${marker.messageId}`;
    await reading(database, async (db) => {
      verdict.missing.add(await readMessages(db, ids));
      await requestReplay(db, { ids }, { by: repairer, why });
    });
  }
  if (verdict.missing.count === 0) await markVerified(database, marker);
  return verdict;
}
