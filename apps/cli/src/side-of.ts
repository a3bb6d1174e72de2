import { Side } from '@paid-once/compare';
import { apiKey } from './credential.js';

/** One of the two ledgers, as whoever calls the CLI may read it. */
export function sideOf(name: 'payments' | 'ledger', url: string, signal?: AbortSignal): Side {
  return new Side(name, url, signal, apiKey());
}
