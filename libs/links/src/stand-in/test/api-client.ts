/** An answer as it came, so that a test can hold every byte of it against the contract. */
export interface Answer {
  status: number;
  type: string | null;
  text: string;
  headers: Headers;
}

/** Calls the HTTP API; a body that is no string is sent as JSON. */
export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

export function callerOf(url: string): Call {
  return async (method, path, body, headers = {}) => {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(payload === undefined ? {} : { body: payload }),
    });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      text: await response.text(),
      headers: response.headers,
    };
  };
}

export interface ShownProxy {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
  toxics: {
    name: string;
    type: string;
    stream: string;
    toxicity: number;
    attributes: Record<string, number>;
  }[];
}

export const asProxy = ({ text }: Answer): ShownProxy => JSON.parse(text);
export const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));
