import { Problem } from '@paid-once/service';

/** Headers a client may name its idempotency key in; the first is the one to use. */
export const keyHeaders = ['Idempotency-Key', 'Payment-Idempotence-Key'] as const;

export class IdempotencyKeyMissing extends Problem {
  readonly type = '/problems/idempotency-key-missing';
  readonly status = 400;
  readonly title = 'This request needs an idempotency key';

  constructor() {
    super(
      `Send a header ${keyHeaders[0]} (or ${keyHeaders[1]}) with a new random value for each payment, and the same ` +
        'value when you repeat one. Nothing was paid.',
    );
  }
}

export class IdempotencyKeyInvalid extends Problem {
  readonly type = '/problems/idempotency-key-invalid';
  readonly status = 400;
  readonly title = 'This idempotency key cannot be used';

  constructor(detail: string) {
    super(`${detail} Nothing was paid.`);
  }
}

export class IdempotencyKeyReused extends Problem {
  readonly type = '/problems/idempotency-key-reused';
  readonly status = 422;
  readonly title = 'This idempotency key belongs to another request';

  constructor() {
    super(
      'The key was used before, for something else. This request paid nothing; for a new payment take a new key.',
    );
  }
}

export class IdempotencyInProgress extends Problem {
  readonly type = '/problems/idempotency-in-progress';
  readonly status = 409;
  readonly title = 'The first request with this key has not finished';
  override readonly headers = { 'retry-after': '1' };

  constructor() {
    super('Send the same request with the same key again: you will get the outcome of the first.');
  }
}

export class OutcomeIsUnknown extends Problem {
  readonly type = '/problems/outcome-unknown';
  readonly status = 503;
  readonly title = 'Whether this was paid is not known';
  override readonly headers = { 'retry-after': '1' };

  constructor() {
    super(
      'The answer of the database was lost. Send the same request with the same key again: it is paid once.',
    );
  }
}

export class ValidationFailed extends Problem {
  readonly type: string;
  readonly status = 422;
  readonly title = 'The payment has a field that cannot be accepted';

  constructor(override readonly errors: { pointer: string; code: string; detail: string }[]) {
    super(`${errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join(' ')} Nothing was paid.`);
    const [first, second] = errors;
    this.type = `/problems/${first && !second ? first.code : 'validation-failed'}`;
  }
}

export class PaymentNotFound extends Problem {
  readonly type = '/problems/payment-not-found';
  readonly status = 404;
  readonly title = 'There is no such payment';

  constructor() {
    super('No payment has this id. Nothing was changed.');
  }
}

export class AlreadyReversed extends Problem {
  readonly type = '/problems/already-reversed';
  readonly status = 422;
  readonly title = 'This payment has been reversed before';

  constructor() {
    super('It was reversed under another idempotency key; a payment is reversed once. Nothing was changed.');
  }
}

export class MalformedJson extends Problem {
  readonly type = '/problems/malformed-json';
  readonly status = 400;
  readonly title = 'The body is not a JSON object';
}
