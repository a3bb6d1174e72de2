import { formatAmount, paymentEventData } from '@paid-once/contracts';
import type { OutboxRow } from '@paid-once/outbox';

/** What messages are worth: how many payments and reversals they tell about, over how much, by currency. */
export class MoneyInMessages {
  private readonly counts = { payments: 0, reversals: 0 };
  private readonly totals = {
    payments: new Map<string, bigint>(),
    reversals: new Map<string, bigint>(),
  };

  get count(): number {
    return this.counts.payments + this.counts.reversals;
  }

  add(messages: Pick<OutboxRow, 'type' | 'payload'>[]): void {
    for (const { type, payload } of messages) {
      const kind = type === 'payment.reversed' ? 'reversals' : 'payments';
      this.counts[kind]++;
      const { data } = paymentEventData.safeParse(parsed(payload));
      if (!data) continue;
      const total = this.totals[kind].get(data.currency) ?? 0n;
      this.totals[kind].set(data.currency, total + BigInt(data.amountMinor));
    }
  }

  /** For people: `3 payments over EUR 3.00 and 1 reversal over EUR 1.00`. */
  describe(): string {
    return (
      [this.part('payments'), this.part('reversals')].filter((part) => part !== '').join(' and ') || 'nothing'
    );
  }

  private part(kind: 'payments' | 'reversals'): string {
    const count = this.counts[kind];
    if (count === 0) return '';
    const totals = [...this.totals[kind]].map(
      ([currency, minor]) => `${currency} ${formatAmount(minor, currency)}`,
    );
    return `${count} ${count === 1 ? kind.slice(0, -1) : kind} over ${totals.join(' + ')}`;
  }
}

// Not every message tells about a payment, and one that does not must not keep the others from being published again.
function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}
