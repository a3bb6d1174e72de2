import { gauge, type ReadMetrics } from '@paid-once/service';
import type { Parts } from '../../cli/src/status/parts.js';
import type { Watch } from './watch.js';

/** What the console tells Prometheus: what no single process can know. */
export function consoleMetrics(watch: Watch): ReadMetrics {
  return async () => {
    const { parts } = watch;
    return [
      gauge(
        'paid_once_ledger_difference_minor_units',
        'What payments has accepted and the ledger has not posted, by currency, in the smallest unit; what is on its way is in it',
        ...(parts ? differencesIn(parts) : []),
      ),
    ];
  };
}

function differencesIn({ payments, ledger }: Parts) {
  if (!payments.value || !ledger.value) return [];
  const [accepted, posted] = [payments.value.totals, ledger.value.totals];
  const currencies = [...new Set([...Object.keys(accepted), ...Object.keys(posted)])];
  return currencies.map((currency) => ({
    value: minor(accepted[currency]) - minor(posted[currency]),
    labels: { currency },
  }));
}

/** "12.30" → 1230. Prometheus knows floats only: beyond 2^53 it is rounded there. */
function minor(total = '0'): number {
  return Number(total.replace('.', ''));
}
