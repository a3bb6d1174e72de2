import { isNativeError } from 'node:util/types';

/** Nobody answers at the management API's address, or not in time: the broker may still be starting. */
export class BrokerAdminUnreachable extends Error {
  override readonly name = 'BrokerAdminUnreachable';

  constructor(
    readonly where: string,
    cause: unknown,
  ) {
    super(
      `RabbitMQ's management API does not answer at ${where}: ${reasonOf(cause)}. ` +
        'Next: see that RabbitMQ runs with its management plugin, and that PAID_ONCE_BROKER_ADMIN_URL points to it.',
      { cause },
    );
  }
}

/** The management API answered, and refused, or the broker is set up in a way that could lose or disorder payments. */
export class BrokerAdminRefused extends Error {
  override readonly name = 'BrokerAdminRefused';
}

/** In milliseconds. A definitions import declares queues, which takes a moment each. */
const answerTimeoutMs = 30_000;

/** RabbitMQ's management API, as an administrator. */
export class BrokerAdmin {
  private readonly where: string;
  private readonly authorization: string;

  /** @param adminUrl http://user:password@host:15672 */
  constructor(adminUrl: string) {
    const { origin, pathname, username, password } = new URL(adminUrl);
    this.where = origin + pathname.replace(/\/+$/, '');
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  /**
   * @returns the answer's JSON; undefined if there is none, or nothing of that name
   * @throws BrokerAdminUnreachable, BrokerAdminRefused
   */
  async ask(
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: readonly string[],
    body?: unknown,
  ): Promise<unknown> {
    const what = `${method} /api/${path.map(encodeURIComponent).join('/')}`;
    const { status, text } = await this.send(method, `${this.where}${what.slice(method.length + 1)}`, body);
    if (status === 404) return undefined;
    if (status === 401)
      throw new BrokerAdminRefused(
        `RabbitMQ at ${this.where} refuses the administrator's user or password, or it is no administrator.`,
      );
    if (status >= 300)
      throw new BrokerAdminRefused(
        `RabbitMQ at ${this.where} refused ${what}: ${status} ${text.slice(0, 500)}`,
      );
    return text === '' ? undefined : JSON.parse(text);
  }

  private async send(method: string, url: string, body: unknown): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(url, {
        method,
        headers: { authorization: this.authorization, 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new BrokerAdminUnreachable(this.where, error);
    }
  }
}

/** fetch hides the reason in the cause of its error, and there it may be one for each address. */
function reasonOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error.cause === undefined ? error.message || error.name : reasonOf(error.cause);
}
