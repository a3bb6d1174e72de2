import { gauge, type ReadMetrics } from '@paid-once/service';
import { differencesIn } from './notices.js';
import type { Watch } from './watch.js';

/** What the console tells Prometheus: what no single process can know. */
export function consoleMetrics(watch: Watch): ReadMetrics {
  return async () => {
    const { parts } = watch;
    return [
      gauge(
        'paid_once_ledger_difference_minor_units',
        'What payments has accepted and the ledger has not posted, by currency, in the smallest unit; what is on its way is in it',
        ...(parts ? Object.entries(differencesIn(parts)) : []).map(([currency, by]) => ({
          value: minor(by),
          labels: { currency },
        })),
      ),
    ];
  };
}

/** "12.30" → 1230. Prometheus knows floats only: beyond 2^53 it is rounded there. */
function minor(total: string): number {
  return Number(total.replace('.', ''));
}
