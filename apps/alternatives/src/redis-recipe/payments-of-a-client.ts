import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { pause } from '@paid-once/service/basics';
import { inParallel, rounded, until } from '../measuring.js';
import type { RecipeService } from './rig.js';

export interface Amount {
  count: number;
  /** With two decimals. */
  euros: string;
}

/** Payments of EUR 1 each, as their client knows them: what it wants paid, under which key, and what it was told. */
export class PaymentsOfAClient {
  private readonly payments: { key: string; reference: string; told: boolean }[];

  constructor(
    readonly name: string,
    count: number,
  ) {
    this.payments = Array.from({ length: count }, (_, row) => ({
      key: randomUUID(),
      reference: `${name}/${row}`,
      told: false,
    }));
  }

  get keys(): string[] {
    return this.payments.map(({ key }) => key);
  }

  get count(): number {
    return this.payments.length;
  }

  /** Sends each once more, with the key it always had. @returns how many were answered with which status */
  async sendTo(service: RecipeService, workers = 8): Promise<Record<string, number>> {
    return this.send(service, this.payments, workers);
  }

  /**
   * Sends those again, four times a second, that the client does not know to be paid, until it knows of all.
   * @returns for how many seconds it got 409, from now to the last one
   */
  async retryAt(service: RecipeService): Promise<number> {
    const start = performance.now();
    let stuckSeconds = 0;
    await until('all are paid', async () => {
      const open = this.payments.filter(({ told }) => !told);
      if (open.length === 0) return true;
      const answers = await this.send(service, open, 8);
      if (answers['409']) stuckSeconds = (performance.now() - start) / 1_000;
      if (answers['409']) await pause(250);
      return false;
    });
    return rounded(stuckSeconds);
  }

  /** Looks into Postgres, row by row: what the client believes to be paid and is not, and what is paid twice. */
  async outcome(pool: Pool): Promise<{ tried: number; lost: Amount; twice: Amount }> {
    const { rows } = await pool.query<{ reference: string; count: number }>(
      `SELECT reference, count(*)::int AS count
         FROM payment
        WHERE starts_with(reference, $1)
        GROUP BY reference`,
      [`${this.name}/`],
    );
    const paid = new Map(rows.map(({ reference, count }) => [reference, count]));
    const lost = this.payments.filter(({ reference, told }) => told && !paid.has(reference)).length;
    const twice = rows.reduce((sum, { count }) => sum + count - 1, 0);
    const amount = (count: number): Amount => ({ count, euros: `${count}.00` });
    return { tried: this.count, lost: amount(lost), twice: amount(twice) };
  }

  private async send(
    service: RecipeService,
    payments: typeof this.payments,
    workers: number,
  ): Promise<Record<string, number>> {
    const answers: Record<string, number> = {};
    await inParallel(payments.length, workers, async (index) => {
      const payment = payments[index];
      if (!payment) return;
      const status = await service.pay(payment.key, payment.reference);
      payment.told ||= status === 201 || status === 208;
      answers[status ?? 'none'] = (answers[status ?? 'none'] ?? 0) + 1;
    });
    return answers;
  }
}
