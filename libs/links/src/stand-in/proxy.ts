import { createServer, type Server, type Socket } from 'node:net';
import { listenAddress, onLoopback, printAddress, splitAddress, type Address } from './addresses.js';
import { ApiError, cannotListen, toxicExists, toxicNotFound } from './api-error.js';
import { Connection } from './connection.js';
import type { Dice } from './dice.js';
import { Toxic } from './toxic.js';

/** What a stand-in's proxies share. */
export interface Surroundings {
  /** Where a host name of an upstream really is: a host, or host:port. */
  hosts: Readonly<Record<string, string>>;
  anyInterface: boolean;
  dice: Dice;
  say(line: string): void;
}

export interface ProxyAddresses {
  listen: string;
  upstream: string;
}

/** A listening address whose connections go to an upstream, through the toxics of each direction. */
export class Proxy {
  #enabled = false;
  #server: Server | undefined;
  readonly #connections = new Set<Connection>();
  #toxics: Toxic[] = [];

  constructor(
    readonly name: string,
    private listen: string,
    private upstream: string,
    private readonly surroundings: Surroundings,
  ) {}

  get enabled(): boolean {
    return this.#enabled;
  }

  get addresses(): ProxyAddresses {
    return { listen: this.listen, upstream: this.upstream };
  }

  /** Listens; no error if it does already. @throws ApiError 500 if it cannot */
  async start(): Promise<void> {
    if (this.#enabled) return;
    const asked = await listenAddress(this.listen).catch(withPrefix('listen tcp: '));
    const address = this.surroundings.anyInterface ? asked : onLoopback(asked);
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) =>
      this.#accept(client),
    );
    const port = await listening(server, address);
    this.#server = server;
    this.#enabled = true;
    const bound = printAddress({ host: address.host, port });
    if (address.host !== asked.host)
      this.surroundings.say(
        `link ${this.name}: asked for ${this.listen || 'any address'}, listens on ${bound} only (loopback)`,
      );
    this.listen = bound;
  }

  /** Refuses new connections and closes the open ones. Toxics stay. */
  async stop(): Promise<void> {
    if (!this.#enabled) return;
    this.#enabled = false;
    const closed = Promise.withResolvers<void>();
    this.#server?.close(() => closed.resolve());
    for (const connection of this.#connections) connection.destroy();
    await closed.promise;
  }

  /**
   * Moves, cuts or opens the proxy; toxics stay.
   * @throws ApiError 500 if it cannot listen: it is then disabled, at the address it was to move to
   */
  async update(wanted: ProxyAddresses & { enabled: boolean }): Promise<void> {
    if (await this.differsFrom(wanted)) {
      await this.stop();
      this.listen = wanted.listen;
      this.upstream = wanted.upstream;
    }
    if (wanted.enabled) await this.start();
    else await this.stop();
  }

  /** @throws ApiError 500 if `listen` is no address */
  async differsFrom({ listen, upstream }: ProxyAddresses): Promise<boolean> {
    const asked = await listenAddress(listen);
    // A proxy that was asked for 0.0.0.0 and got loopback is what the same request asks for again.
    const same = [asked, onLoopback(asked)].some((address) => printAddress(address) === this.listen);
    return !same || upstream !== this.upstream;
  }

  get toxics(): readonly Toxic[] {
    const inDirection = (direction: Toxic['direction']) =>
      this.#toxics.filter((toxic) => toxic.direction === direction);
    return [...inDirection('upstream'), ...inDirection('downstream')];
  }

  /** @throws ApiError 404 */
  toxic(name: string): Toxic {
    const toxic = this.#toxics.find((one) => one.name === name);
    if (!toxic) throw toxicNotFound();
    return toxic;
  }

  /** @throws ApiError 400, 409 */
  addToxic(body: string): Toxic {
    const toxic = Toxic.fromBody(body);
    if (this.#toxics.some(({ name }) => name === toxic.name)) throw toxicExists();
    this.#toxics.push(toxic);
    this.#onLinks(toxic, (link) => link.add(toxic));
    return toxic;
  }

  /** @throws ApiError 400, 404 */
  updateToxic(name: string, body: string): Toxic {
    const toxic = this.toxic(name);
    toxic.update(body);
    this.#onLinks(toxic, (link) => link.update(toxic));
    return toxic;
  }

  /** @throws ApiError 404 */
  removeToxic(name: string): void {
    const toxic = this.toxic(name);
    this.#toxics = this.#toxics.filter((one) => one !== toxic);
    this.#onLinks(toxic, (link) => link.remove(toxic));
  }

  removeAllToxics(): void {
    for (const { name } of this.toxics) this.removeToxic(name);
  }

  toJSON(): object {
    const { name, listen, upstream, enabled, toxics } = this;
    return { name, listen, upstream, enabled, toxics };
  }

  #onLinks(toxic: Toxic, apply: Parameters<Connection['forEachLink']>[0]): void {
    for (const connection of this.#connections)
      connection.forEachLink((link) => link.direction === toxic.direction && apply(link));
  }

  #accept(client: Socket): void {
    const connection: Connection = new Connection(
      client,
      this.#upstreamAddress(),
      () => this.toxics,
      this.surroundings.dice.forConnection(this.name),
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
  }

  #upstreamAddress(): Address | undefined {
    try {
      const { host, port } = splitAddress(this.upstream);
      const { hosts } = this.surroundings;
      const real = Object.hasOwn(hosts, host) ? hosts[host] : undefined;
      if (real === undefined) return { host, port };
      return /:\d+$/.test(real) ? splitAddress(real) : { host: real, port };
    } catch (error) {
      if (error instanceof ApiError) return undefined; // not host:port: taken as given, and never reached
      throw error;
    }
  }
}

/** The port, once the server listens. @throws ApiError 500 with Go's text */
async function listening(server: Server, address: Address): Promise<number> {
  const outcome = Promise.withResolvers<void>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    outcome.reject(
      cannotListen(
        `listen tcp ${printAddress(address)}: bind: ${goTexts[error.code ?? ''] ?? error.message}`,
      ),
    ),
  );
  server.listen(address, () => outcome.resolve());
  await outcome.promise;
  server.on('error', () => {}); // failing to accept one connection, for want of file descriptors, is that client's loss
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : address.port;
}

const goTexts: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
};

function withPrefix(prefix: string): (error: unknown) => never {
  return (error) => {
    throw error instanceof ApiError ? new ApiError(error.status, prefix + error.message) : error;
  };
}
