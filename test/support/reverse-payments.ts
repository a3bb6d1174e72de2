import { expect } from '@jest/globals';
import type { TestStack } from './test-stack.js';

/** Reverses the payments that were made last. @returns how many */
export async function reversePayments(system: TestStack, count: number): Promise<number> {
  const rows = await system.sql<{ payment_id: string }>(
    'payments',
    `SELECT payment_id FROM payment_event WHERE type = 'payment.accepted' ORDER BY created_at DESC LIMIT $1`,
    [count],
  );
  for (const { payment_id: id } of rows) {
    const answer = await fetch(`${system.stack.urls.payments}/payments/${id}/reversal`, {
      method: 'POST',
      headers: { 'idempotency-key': `reverse-${id}` },
    });
    expect(answer.status).toBe(201);
  }
  return rows.length;
}
