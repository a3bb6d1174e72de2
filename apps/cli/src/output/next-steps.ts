import type { BreakRow } from '@paid-once/compare';

/** What a person does about a break, if anything. */
export function nextStep({ kind, paymentId, dropped }: BreakRow): string {
  if (dropped)
    return `none: a person decided it, for good; npx paid-once show ${paymentId} tells who and why`;
  switch (kind) {
    case 'inOutbox':
      return 'none: it is published as soon as the broker can be reached (npx paid-once links)';
    case 'inBroker':
      return 'none: it is on its way; npx paid-once compare --wait proves it';
    case 'deadLettered':
    case 'parked':
      return `npx paid-once show ${paymentId}; when its cause is put right, npx paid-once dead redrive ${paymentId}`;
    case 'missing':
      return 'npx paid-once compare --repair';
    case 'unexpected':
      return `npx paid-once show ${paymentId}: who posted it, and was a database restored?`;
    case 'duplicate':
      return `npx paid-once show ${paymentId}: reverse what was posted too often`;
    case 'amountDiffers':
      return `npx paid-once show ${paymentId}: correct it by a reversal and a new payment`;
    case 'order':
      return `npx paid-once show ${paymentId}: its payment must be posted, too`;
    default:
      return unreachable(kind);
  }
}

function unreachable(kind: never): never {
  throw new Error(`Bug: no next step for ${String(kind)}`);
}
