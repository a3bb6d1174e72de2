import { ApiError, badBody, missingField, proxyExists, proxyNotFound } from './api-error.js';
import { kindOf, parseBody, readFields } from './go-fields.js';
import { Proxy, type Surroundings } from './proxy.js';

/** How far a populate came: the entries done, and the refusal it ended at. */
export interface Populated {
  proxies: Proxy[];
  refusal?: ApiError;
}

/** The proxies by name. Changes wait for one another: a request sees those before it done, or not begun. */
export class Proxies {
  readonly #byName = new Map<string, Proxy>();
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(private readonly surroundings: Surroundings) {}

  /** @throws ApiError 404 */
  get(name: string): Proxy {
    const proxy = this.#byName.get(name);
    if (!proxy) throw proxyNotFound();
    return proxy;
  }

  /** @throws ApiError 400, 409, 500 */
  create(body: string): Promise<Proxy> {
    return this.#change(async () => {
      const given = readFields(parseBody(body), 'toxiproxy.Proxy', proxyFields);
      if (!given.name) throw missingField('name');
      if (!given.upstream) throw missingField('upstream');
      if (this.#byName.has(given.name)) throw proxyExists();
      const proxy = new Proxy(given.name, given.listen ?? '', given.upstream, this.surroundings);
      if (given.enabled ?? true) await proxy.start();
      this.#byName.set(proxy.name, proxy);
      return proxy;
    });
  }

  /** @throws ApiError 400, 404, 500 */
  update(name: string, body: string): Promise<Proxy> {
    return this.#change(async () => {
      const proxy = this.get(name);
      const given = readFields(parseBody(body), 'toxiproxy.Proxy', proxyFields);
      const {
        listen = proxy.addresses.listen,
        upstream = proxy.addresses.upstream,
        enabled = proxy.enabled,
      } = given;
      await proxy.update({ listen, upstream, enabled });
      return proxy;
    });
  }

  /** @throws ApiError 404 */
  remove(name: string): Promise<void> {
    return this.#change(async () => {
      await this.get(name).stop();
      this.#byName.delete(name);
    });
  }

  /** Creates or replaces, one after the other; ends at the first entry that is refused and keeps those before it. */
  populate(body: string): Promise<Populated> {
    return this.#change(async () => {
      const proxies: Proxy[] = [];
      try {
        for (const entry of readEntries(body)) proxies.push(await this.#createOrReplace(entry));
        return { proxies };
      } catch (error) {
        if (error instanceof ApiError) return { proxies, refusal: error };
        throw error;
      }
    });
  }

  /** Enables every proxy and takes all toxics away. @throws ApiError 500 at the first that cannot listen */
  reset(): Promise<void> {
    return this.#change(async () => {
      for (const proxy of this.#byName.values()) {
        await proxy.start();
        proxy.removeAllToxics();
      }
    });
  }

  stop(): Promise<void> {
    return this.#change(async () => {
      await Promise.all([...this.#byName.values()].map((proxy) => proxy.stop()));
    });
  }

  toJSON(): object {
    const byName = [...this.#byName].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(byName);
  }

  async #createOrReplace(entry: Entry): Promise<Proxy> {
    const existing = this.#byName.get(entry.name);
    if (existing) {
      if (!(await existing.differsFrom(entry))) return existing;
      await existing.stop();
    }
    const proxy = new Proxy(entry.name, entry.listen, entry.upstream, this.surroundings);
    if (entry.enabled) await proxy.start();
    this.#byName.set(proxy.name, proxy);
    return proxy;
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => {});
    return done;
  }
}

const proxyFields = { name: 'string', listen: 'string', upstream: 'string', enabled: 'bool' } as const;

interface Entry {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
}

/** All entries are checked before the first is created. @throws ApiError 400 */
function readEntries(body: string): Entry[] {
  const list = parseBody(body);
  if (list === null) return [];
  if (!Array.isArray(list)) {
    throw badBody(`json: cannot unmarshal ${kindOf(list)} into Go value of type []${populateEntry}`);
  }
  return list
    .map((item) => readFields(item, populateEntry, proxyFields))
    .map(({ name, listen = '', upstream, enabled = true }, index) => {
      if (!name) throw missingField(`name at proxy ${index + 1}`);
      if (!upstream) throw missingField(`upstream at proxy ${index + 1}`);
      return { name, listen, upstream, enabled };
    });
}

const populateEntry = 'struct { toxiproxy.Proxy; Enabled *bool "json:\\"enabled\\"" }';
