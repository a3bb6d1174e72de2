import type { Scope } from '@paid-once/contracts';

/**
 * An error that a client is told about, as RFC 9457 problem+json. What is not a `Problem` is logged whole and answered
 * with a bare 500: its message may hold SQL or card data.
 */
export abstract class Problem extends Error {
  /** Stable; clients decide by it. `/problems/<slug>`. */
  abstract readonly type: string;
  abstract readonly status: number;
  abstract readonly title: string;
  /** What to send beside the document, such as Retry-After (seconds). */
  readonly headers: Record<string, string> = {};
  /** Which part of the request is meant, as JSON pointers. */
  readonly errors: { pointer: string; code: string; detail: string }[] | undefined;

  constructor(readonly detail: string) {
    super(detail);
  }

  document(instance: string) {
    const { type, title, status, detail, errors } = this;
    return { type, title, status, detail, instance, ...(errors && { errors }) };
  }
}

/** The database is away: nothing was written, the same request may be sent again. */
export class TemporarilyUnavailable extends Problem {
  readonly type = '/problems/temporarily-unavailable';
  readonly status = 503;
  readonly title = 'The service cannot reach what it needs';
  override readonly headers = { 'retry-after': '1' };
}

/** The database's disk is full: nothing was written. It stays up, and what needs no new space may still pass. */
export class StorageFull extends Problem {
  readonly type = '/problems/storage';
  readonly status = 503;
  readonly title = 'The database has no space left';
  override readonly headers = { 'retry-after': '5' };

  constructor() {
    super('Nothing was written; send the request again when there is space.');
  }
}

/** More requests wait than may: this one was not begun. */
export class Overloaded extends Problem {
  readonly type = '/problems/overloaded';
  readonly status = 503;
  readonly title = 'Too many requests wait already';
  override readonly headers = { 'retry-after': '1' };

  constructor() {
    super('This request was not begun and nothing was written; send it again a little later.');
  }
}

/** There is something at this path, but not for this method. */
export class MethodNotAllowed extends Problem {
  readonly type = '/problems/method-not-allowed';
  readonly status = 405;
  readonly title = 'This method is not allowed here';
  override readonly headers: { allow: string };

  constructor(allowed: string[]) {
    const allow = allowed.join(', ');
    super(`Here one can use ${allow}. Nothing was done.`);
    this.headers = { allow };
  }
}

/** The same for no key, one that is none, one that is not known and one that was revoked: nothing is to be learned here. */
export class Unauthenticated extends Problem {
  readonly type = '/problems/unauthenticated';
  readonly status = 401;
  readonly title = 'This request needs an API key';
  override readonly headers = { 'www-authenticate': 'Bearer realm="paid-once"' };

  constructor() {
    super('Send a header `Authorization: Bearer po_…` with a key that was issued here. Nothing was done.');
  }
}

export class Forbidden extends Problem {
  readonly type = '/problems/forbidden';
  readonly status = 403;
  readonly title = 'This API key is not for this';

  constructor(needs: Scope) {
    super(`The key lacks the scope \`${needs}\`. Nothing was done.`);
  }
}

/** For statuses that the framework itself decides: 404, 405, 413, 415 … */
export class FrameworkProblem extends Problem {
  readonly type: string;

  constructor(
    readonly status: number,
    slug: string,
    readonly title: string,
    detail: string,
  ) {
    super(detail);
    this.type = `/problems/${slug}`;
  }
}
