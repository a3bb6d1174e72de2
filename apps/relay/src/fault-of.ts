import { isPlainPaymentEvent, paymentEventData, paymentEventTypes } from '@paid-once/contracts';
import type { OutboxRow } from '@paid-once/outbox';

/**
 * Why a row can never be a payment's message. The ledger would park it; here it is still clear that the fault is on our
 * side, and its payment's reversal stays behind it.
 * @returns what is wrong with it, for people
 */
export function faultOf({ type, payload, created_at: createdAt }: OutboxRow): string | undefined {
  // Not every time that Postgres can keep is a Date: such a row would throw for ever, and its shard would stand still.
  if (!(createdAt instanceof Date) || Number.isNaN(createdAt.getTime())) return 'created_at';
  if (!(paymentEventTypes as readonly string[]).includes(type)) return undefined;
  if (isPlainPaymentEvent(payload)) return undefined;
  try {
    const { error } = paymentEventData.safeParse(JSON.parse(payload));
    return error?.issues.map(({ path }) => path.join('.')).join(', ');
  } catch {
    return 'the payload is not JSON';
  }
}
