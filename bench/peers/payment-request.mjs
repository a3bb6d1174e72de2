const amountInMajorUnits = /^(\d{1,13})\.(\d{2})$/;

/**
 * A payment as asked for, with as few checks as an API can have.
 * @returns the payment, or why it is none
 */
export function readPayment(idempotencyKey, body) {
  if (typeof idempotencyKey !== 'string' || idempotencyKey === '') return 'Idempotency-Key is missing';
  if (typeof body !== 'object' || body === null) return 'the body is no object';
  const { src, dest, amount, currency } = body;
  if (typeof src !== 'string' || typeof dest !== 'string' || src === dest)
    return 'src and dest are two accounts';
  if (typeof currency !== 'string' || currency.length !== 3) return 'currency is no ISO 4217 code';
  const digits = typeof amount === 'string' ? amountInMajorUnits.exec(amount) : null;
  const amountMinor = digits ? Number(digits[1] + digits[2]) : 0;
  if (amountMinor <= 0) return 'amount is no amount';
  return { idempotencyKey, src, dest, amountMinor, amount, currency };
}

/** What the ledger has to know of a payment. */
export function paymentAccepted(payment, paymentId) {
  const { src, dest, amountMinor, currency } = payment;
  return { paymentId, src, dest, amountMinor: String(amountMinor), currency, reference: null };
}

/** How a payment is answered. */
export function acceptedPayment(payment, id) {
  const { src, dest, amount, currency } = payment;
  return { id, src, dest, amount, currency, reference: null, status: 'accepted' };
}
