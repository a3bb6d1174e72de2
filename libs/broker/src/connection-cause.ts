/** Whether the broker is there and refuses us: wrong password, no such vhost, no permission. Soon trying again is no use. */
export function isRefusal(error: unknown): boolean {
  return /ACCESS.REFUSED|NOT_ALLOWED|got <ConnectionClose/i.test(messageOf(error));
}

/** Why there is no connection, in one line; says what to do where that is known. Never tells the password. */
export function causeOf(error: unknown, url: string): string {
  const { hostname, port, username, pathname } = new URL(url);
  const text = messageOf(error);
  // The broker closes instead of opening the vhost, and amqplib leaves its reason out.
  if (text.includes('Expected ConnectionOpenOk; got <ConnectionClose'))
    return `user "${username}" has no access to the vhost "${decodeURIComponent(pathname.slice(1)) || '/'}", or there is no such vhost. Next: run setup.`;
  if (/ACCESS.REFUSED/i.test(text))
    return `login of user "${username}" was refused. Next: check its password, or run setup.`;
  return `${hostname}:${port || 5672}: ${text}`;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
