import { hash } from 'node:crypto';

/** What a client asks for, already checked. Money in minor units. */
export type PaymentCommand = {
  client: string;
  idempotencyKey: string;
  /** Which trace its message belongs to (W3C); undefined: none. */
  traceparent?: string | undefined;
} & (
  | {
      kind: 'pay';
      src: string;
      dest: string;
      amountMinor: bigint;
      currency: string;
      reference: string | null;
    }
  | { kind: 'reverse'; paymentId: string }
);

/**
 * What was asked for, in one canonical form: defaults filled in, amounts in minor units. So the same request in another
 * order of fields, or with "1.0" for "1.00", is the same; and one key cannot be used for two different requests.
 * @returns SHA-256, in hex
 */
export function fingerprintOf(command: PaymentCommand): string {
  const canonical =
    command.kind === 'pay'
      ? [
          'POST /payments',
          command.src,
          command.dest,
          String(command.amountMinor),
          command.currency,
          command.reference,
        ]
      : ['POST /payments/{id}/reversal', command.paymentId];
  return hash('sha256', JSON.stringify(canonical), 'hex');
}
