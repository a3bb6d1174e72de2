import type { OpenAPIObject } from '@nestjs/swagger';
import { nastyBodies, nastyHeaders, nastyTexts, nastyValues } from './nasty.js';

export interface GeneratedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

interface Operation {
  method: string;
  path: string;
  query: string[];
}

const methods = ['get', 'post', 'put', 'delete'];
/** Names that our own routes read, beside those in the document; each route is tried with those of all others, too. */
const parameters = [
  'after',
  'until',
  'olderThan',
  'limit',
  'from',
  'to',
  'digits',
  'payment',
  'id',
  'shard',
  'seconds',
  'marker',
  'reason',
];
const payment = { src: 'bianca', dest: 'marc', amount: '1.00', currency: 'EUR', reference: 'fuzz' };
const others: object[] = [
  { messageIds: ['01920000-0000-7000-8000-000000000001'] },
  { reason: 'invalid', by: 'fuzz', why: 'fuzz' },
  { all: true, by: 'fuzz', why: 'fuzz', count: 0, expected: 0 },
  { payments: ['01920000-0000-7000-8000-000000000001'], by: 'fuzz', why: 'fuzz' },
  { since: '2020-01-01T00:00:00Z', by: 'fuzz', why: 'fuzz' },
];

export const knownId = 'known-id';

/**
 * Requests for every operation of an OpenAPI document: good ones, nearly good ones, and nonsense.
 * @param random from 0 up to 1; the same numbers make the same requests
 */
export class RequestGenerator {
  private readonly operations: Operation[];
  private made = 0;

  constructor(
    document: OpenAPIObject,
    private readonly random: () => number,
  ) {
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, { parameters?: { in: string; name: string }[] }>)
        .filter(([method]) => methods.includes(method))
        .map(([method, { parameters: listed = [] }]) => ({
          method: method.toUpperCase(),
          path,
          query: listed.filter((each) => each.in === 'query').map(({ name }) => name),
        })),
    );
  }

  /** Where `knownId` stands, the id of a payment belongs. */
  next(): GeneratedRequest {
    this.made++;
    const { method, path, query } = this.one(this.operations);
    const wanted = this.chance(0.03) ? this.one(['PATCH', 'DELETE', 'PUT', 'GET', 'POST']) : method;
    const hasBody = wanted !== 'GET' && wanted !== 'DELETE';
    const headers = {
      'idempotency-key': `fuzz-${this.made}`,
      ...(hasBody && { 'content-type': 'application/json' }),
      ...(this.chance(0.3) && this.one(nastyHeaders)),
    };
    return {
      method: wanted,
      path: this.filled(path) + this.queryOf(query),
      headers,
      body: hasBody ? this.body(path) : undefined,
    };
  }

  private filled(path: string): string {
    return path.replace(/\{\w+\}/g, () => (this.chance(0.5) ? knownId : this.escaped(this.one(nastyTexts))));
  }

  private queryOf(listed: string[]): string {
    const names = [...listed, ...(this.chance(0.4) ? [this.one(parameters), this.one(parameters)] : [])];
    const pairs = names
      .filter(() => this.chance(0.7))
      .map((name) => {
        const value = this.one([...nastyTexts, '1', '10', '0', '8', ...Array<string>(10).fill(knownId)]);
        return `${this.chance(0.05) ? `${name}[x]` : name}=${this.escaped(value)}`;
      });
    return pairs.length > 0 ? `?${pairs.join('&')}` : '';
  }

  private body(path: string): string {
    if (this.chance(0.1)) return this.one(nastyBodies);
    const base: Record<string, unknown> = {
      ...(path === '/payments' ? payment : this.one([payment, ...others])),
    };
    if (this.chance(0.3)) return JSON.stringify(base);
    for (let changes = 1 + Math.floor(this.random() * 2); changes > 0; changes--) {
      const name = this.chance(0.8)
        ? this.one(Object.keys(base))
        : this.one(['id', 'status', '__proto__', '', 'x']);
      if (this.chance(0.15)) delete base[name];
      else
        Object.defineProperty(base, name, {
          value: this.one(nastyValues),
          enumerable: true,
          configurable: true,
        });
    }
    const text = JSON.stringify(base);
    if (!this.chance(0.1)) return text;
    const at = Math.floor(this.random() * text.length);
    return (
      text.slice(0, at) + this.one(['', '"', '\\', '}', ',', '\0', '\\u0000', '1e9']) + text.slice(at + 1)
    );
  }

  private one<Each>(list: readonly Each[]): Each {
    return list[Math.floor(this.random() * list.length)] as Each;
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private escaped(text: string): string {
    return this.chance(0.02) ? '%zz' : encodeURIComponent(text.toWellFormed()).slice(0, 6_000);
  }
}
