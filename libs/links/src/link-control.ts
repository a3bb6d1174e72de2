import { Toxiproxy } from 'toxiproxy-node-client';
import { readToxicName, toxicsOf } from './fault-toxics.js';
import type { Fault } from './faults.js';
import { LinkNotSetUp, LinksRefused, LinksUnreachable } from './link-errors.js';
import { linksCalled, type LinkProxy } from './links.js';

/** A toxic to add: units and defaults are Toxiproxy's (times in milliseconds, `downstream`, toxicity 1). */
export interface LinkToxic {
  /** Defaults to `<type>_<stream>`; one name per link, across both streams. */
  name?: string;
  type: 'latency' | 'bandwidth' | 'slow_close' | 'timeout' | 'reset_peer' | 'slicer' | 'limit_data' | 'noop';
  /** `upstream`: what the client says is touched; `downstream`: what it is answered. */
  stream?: 'upstream' | 'downstream';
  /** The share of connections it touches, 0 to 1. */
  toxicity?: number;
  attributes?: Readonly<Record<string, number>>;
}

/** A toxic as Toxiproxy reports it, with all defaults filled in. */
export interface ShownToxic {
  name: string;
  type: string;
  stream: string;
  toxicity: number;
  attributes: Record<string, number>;
}

/** A link as Toxiproxy reports it. `enabled: false` is a cut link; `faultsOn` says what else is wrong with it. */
export interface LinkState {
  name: string;
  listen: string;
  upstream: string;
  enabled: boolean;
  toxics: ShownToxic[];
}

/**
 * Every call rejects with `LinksUnreachable` if Toxiproxy does not answer, `LinksRefused` if it answers no,
 * `UnknownLink` for a name that is neither a link nor a group, `LinkNotSetUp` for a link without a proxy.
 * A group's links are changed one after the other; when one is refused, those before it stay changed.
 */
export interface LinkControl {
  /** Every proxy Toxiproxy has, by name. */
  list(): Promise<LinkState[]>;
  /** Cuts a link or a group: open connections are closed, new ones are refused. */
  break(linkOrGroup: string): Promise<LinkState[]>;
  /**
   * Breaks a link or a group. A fault of the same kind is replaced, and counts from now; others stay and add up: a link
   * can be slow and lose answers. A link gets all of these faults or, refused, none.
   * Also rejects with RangeError for a delay or share that cannot be meant; then nothing was changed.
   */
  breakWith(linkOrGroup: string, ...faults: readonly [Fault, ...Fault[]]): Promise<LinkState[]>;
  /** Opens a link or a group again and takes its toxics away. */
  heal(linkOrGroup: string): Promise<LinkState[]>;
  /** Opens every link and takes all toxics away. One that cannot be opened does not keep the others shut. */
  healAll(): Promise<LinkState[]>;
  /** Creates links, or moves those whose addresses differ; links that are already so keep their state, cut or not. */
  populate(proxies: readonly LinkProxy[]): Promise<LinkState[]>;
  /** Adds a toxic to a link or to each link of a group. */
  addToxic(linkOrGroup: string, toxic: LinkToxic): Promise<LinkState[]>;
}

/** How long Toxiproxy may take to answer: it works in memory, so that longer means it is not there. */
const answerTimeoutMs = 5_000;

/** @param url where Toxiproxy's HTTP API is, such as http://127.0.0.1:8474; nothing is sent before the first call */
export function connectLinks(url: string): LinkControl {
  return new ToxiproxyLinks(url.replace(/\/+$/, ''));
}

class ToxiproxyLinks implements LinkControl {
  readonly #toxiproxy: Toxiproxy;

  constructor(private readonly url: string) {
    this.#toxiproxy = new Toxiproxy(url);
  }

  async list(): Promise<LinkState[]> {
    const { data } = await this.#ask([], 'to list the links', (api) =>
      api.get<Record<string, LinkState>>(`${this.url}/proxies`),
    );
    return Object.values(data).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  break(linkOrGroup: string): Promise<LinkState[]> {
    return this.breakWith(linkOrGroup, { kind: 'cut' });
  }

  breakWith(linkOrGroup: string, ...faults: readonly [Fault, ...Fault[]]): Promise<LinkState[]> {
    return this.#onEach(linkOrGroup, (link) => this.#breakWith(link, faults));
  }

  heal(linkOrGroup: string): Promise<LinkState[]> {
    return this.#onEach(linkOrGroup, (link) => this.#heal(link));
  }

  async healAll(): Promise<LinkState[]> {
    try {
      await this.#ask([], 'to heal all links', (api) => api.post<undefined>(`${this.url}/reset`));
    } catch (refusal) {
      // Toxiproxy's reset ends at the first link that cannot be opened, and leaves the rest as they were.
      if (!(refusal instanceof LinksRefused)) throw refusal;
      await this.#healOneByOne();
    }
    return this.list();
  }

  async populate(proxies: readonly LinkProxy[]): Promise<LinkState[]> {
    const names = proxies.map(({ name }) => name);
    const { data } = await this.#ask(names, 'to create links', (api) =>
      api.post<{ proxies: LinkState[] | null }>(`${this.url}/populate`, proxies),
    );
    return data.proxies ?? [];
  }

  addToxic(linkOrGroup: string, toxic: LinkToxic): Promise<LinkState[]> {
    return this.#onEach(linkOrGroup, async (link) => {
      await this.#addToxic(link, toxic);
      return this.#get(link);
    });
  }

  async #onEach(linkOrGroup: string, apply: (link: string) => Promise<LinkState>): Promise<LinkState[]> {
    const states: LinkState[] = [];
    for (const link of linksCalled(linkOrGroup)) states.push(await apply(link));
    return states;
  }

  async #healOneByOne(): Promise<void> {
    const refusals: LinksRefused[] = [];
    for (const { name } of await this.list()) {
      try {
        await this.#heal(name);
      } catch (refusal) {
        if (!(refusal instanceof LinksRefused)) throw refusal;
        refusals.push(refusal);
      }
    }
    const [first] = refusals;
    if (first === undefined) return;
    throw new LinksRefused(
      refusals.flatMap(({ links }) => links),
      first.status,
      'to open links',
      first.cause,
    );
  }

  async #breakWith(link: string, faults: readonly Fault[]): Promise<LinkState> {
    const since = new Date();
    const byKind = new Map(faults.map((fault) => [fault.kind, fault]));
    const { toxics } = await this.#get(link);
    const replaced = toxics.flatMap(({ name }) => {
      const old = readToxicName(name);
      return old && byKind.has(old.kind) ? { name, number: old.number } : [];
    });
    const free = Math.max(-1, ...replaced.map(({ number }) => number)) + 1;
    const added: string[] = [];
    try {
      // The new before the old goes: a link that is to stay broken is not whole for a moment.
      for (const toxic of [...byKind.values()].flatMap((fault) => toxicsOf(fault, since, free))) {
        await this.#addToxic(link, toxic);
        added.push(toxic.name);
      }
      if (byKind.has('cut')) await this.#change(link, false);
    } catch (refusal) {
      for (const name of added) await this.#removeToxic(link, name).catch(() => {}); // the first refusal is the one to tell
      throw refusal;
    }
    for (const { name } of replaced) await this.#removeToxic(link, name);
    return this.#get(link);
  }

  async #heal(link: string): Promise<LinkState> {
    const { toxics } = await this.#get(link);
    for (const { name } of toxics) await this.#removeToxic(link, name);
    return this.#change(link, true);
  }

  async #addToxic(link: string, toxic: LinkToxic): Promise<void> {
    await this.#ask([link], `the toxic ${toxic.type}`, (api) =>
      api.post<unknown>(`${this.url}/proxies/${link}/toxics`, toxic),
    );
  }

  /** One that somebody else has taken away meanwhile is gone, as was wanted. */
  async #removeToxic(link: string, name: string): Promise<void> {
    try {
      await this.#ask([link], `to remove the toxic ${name}`, (api) =>
        api.delete(`${this.url}/proxies/${link}/toxics/${encodeURIComponent(name)}`),
      );
    } catch (refusal) {
      if (!(refusal instanceof LinkNotSetUp)) throw refusal;
    }
  }

  async #get(link: string): Promise<LinkState> {
    const { data } = await this.#ask([link], 'to show a link', (api) =>
      api.get<LinkState>(`${this.url}/proxies/${link}`),
    );
    return data;
  }

  async #change(link: string, enabled: boolean): Promise<LinkState> {
    // POST is what every Toxiproxy understands; PATCH came with 2.6. Only `enabled` is sent: `Proxy.update` of the
    // client would send the addresses it read before, and undo what somebody else changed in between.
    const { data } = await this.#ask([link], enabled ? 'to heal a link' : 'to break a link', (api) =>
      api.post<LinkState>(`${this.url}/proxies/${link}`, { enabled }),
    );
    return data;
  }

  async #ask<T>(
    links: readonly string[],
    wanted: string,
    call: (api: Toxiproxy['api']) => Promise<T>,
  ): Promise<T> {
    const timeout = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => timeout.reject(new LinksUnreachable(this.url, `no answer within ${answerTimeoutMs} ms`)),
      answerTimeoutMs,
    );
    try {
      return await Promise.race([call(this.#toxiproxy.api), timeout.promise]);
    } catch (error) {
      if (error instanceof LinksUnreachable) throw error;
      const status = statusIn(error);
      if (status === undefined) throw new LinksUnreachable(this.url, error);
      const [link] = links;
      if (status === 404 && link !== undefined) throw new LinkNotSetUp(link, this.url);
      throw new LinksRefused(links, status, wanted, error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The client tells a refusal from silence by the error's text only; without a status nobody answered. */
function statusIn(error: unknown): number | undefined {
  const status = error instanceof Error ? /status code (\d{3})$/.exec(error.message)?.[1] : undefined;
  return status === undefined ? undefined : Number(status);
}
