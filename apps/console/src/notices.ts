import type { Totals } from '@paid-once/compare';
import type { Notice } from '@paid-once/service';
import { difference } from '../../cli/src/output/words.js';
import type { Parts } from '../../cli/src/status/parts.js';

/**
 * What only somebody outside can log: a process that is dead or frozen says nothing of itself, and no side knows both
 * balances.
 * @param afterSeconds a restart, and a payment on its way, are no faults
 */
export function noticesOf(parts: Parts, afterSeconds: number): Notice[] {
  const { payments, outbox: relay, consumer: ledger } = parts;
  const silent = Object.entries({ payments, relay, ledger }).flatMap(([name, { reason, status }]) => {
    const what = `the ${name} process does not tell how it is`;
    const says = `${reason} What was accepted is kept: docs/runbook/process-down.md`;
    return reason === undefined || status !== undefined ? [] : [{ what, says, afterSeconds }];
  });
  // With payments on their way the difference is another one each time.
  const differ = Object.entries(differencesIn(parts))
    .filter(([, by]) => /[1-9]/.test(by))
    .map(([currency, by]) => ({
      what: `payments and ledger differ by ${by} ${currency}`,
      says: 'it waits somewhere, or is missing: `paid-once compare` tells which. docs/runbook/ledgers-differ.md',
      afterSeconds,
    }));
  return [...silent, ...differ];
}

/** What payments has accepted and the ledger has not posted, by currency; nothing while one of them does not answer. */
export function differencesIn({ payments, ledger }: Pick<Parts, 'payments' | 'ledger'>): Totals {
  if (!payments.value || !ledger.value) return {};
  const [accepted, posted] = [payments.value.totals, ledger.value.totals];
  const currencies = [...new Set([...Object.keys(accepted), ...Object.keys(posted)])];
  return Object.fromEntries(
    currencies.map((currency) => [currency, difference(accepted[currency] ?? '0', posted[currency] ?? '0')]),
  );
}
