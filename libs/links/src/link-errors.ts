/** Nobody answers at the link control's address, or not in time. Nothing was decided about money: only the links stay as they are. */
export class LinksUnreachable extends Error {
  override readonly name = 'LinksUnreachable';

  constructor(
    readonly url: string,
    cause: unknown,
  ) {
    super(
      `The links could not be read or changed: Toxiproxy does not answer at ${url}. ` +
        'Money is unaffected: a payment that was accepted stays accepted, and is delivered over whatever links are up. ' +
        'Next: see that the project runs (`npx paid-once status`), or set PAID_ONCE_TOXIPROXY_URL if it listens elsewhere.',
      { cause },
    );
  }
}

/** A known link that Toxiproxy has no proxy for. */
export class LinkNotSetUp extends Error {
  override readonly name = 'LinkNotSetUp';

  constructor(
    readonly link: string,
    url: string,
  ) {
    super(`Toxiproxy at ${url} has no link "${link}". Next: \`npx paid-once setup\` creates the links.`);
  }
}

/** Toxiproxy answered, and refused. The links named were not changed; others may have been. */
export class LinksRefused extends Error {
  override readonly name = 'LinksRefused';

  constructor(
    readonly links: readonly string[],
    readonly status: number | undefined,
    wanted: string,
    cause: unknown,
  ) {
    super(`Toxiproxy refused ${wanted} (${links.join(', ') || 'no link'}): ${reason(status, cause)}`, {
      cause,
    });
  }
}

function reason(status: number | undefined, cause: unknown): string {
  // Toxiproxy answers 500 to these calls for one reason only: it cannot listen on the link's address.
  if (status === 500) return 'it cannot listen on the link’s address. Next: see what else holds that port.';
  return cause instanceof Error ? cause.message : String(cause);
}
