import { once } from 'node:events';
import { onLoopback, printAddress, resolveAddress } from './addresses.js';
import { createApi } from './api.js';
import { Dice } from './dice.js';
import { Proxies } from './proxies.js';

export interface StandInOptions {
  /** 0 takes a free port. */
  port: number;
  /** Where the HTTP API listens; without `anyInterface` always a loopback address. Default 127.0.0.1. */
  host?: string;
  /**
   * Where a host name in an upstream really is: `{ payment: '127.0.0.1' }`, or with a port, which then
   * replaces the upstream's: `{ payment: '127.0.0.1:9080' }`.
   */
  hosts?: Readonly<Record<string, string>>;
  /**
   * Listens where it is asked to, API and links alike, on all interfaces too. There is no authentication: for a
   * container of its own, not for a desk. Default: loopback, whatever is asked.
   */
  anyInterface?: boolean;
  /** A whole number that makes the dice repeatable: toxicity, jitter, sizes of slices. Default: another one each time. */
  seed?: number | bigint;
  /** Told, in a sentence, what differs from what was asked for. */
  say?: (line: string) => void;
}

export interface StandIn {
  port: number;
  /** Of the HTTP API. */
  url: string;
  /** As POST /populate. Resolves with the refusal's text, if one entry was refused; those before it are there. */
  populate: (json: string) => Promise<string | undefined>;
  /** Throws the dice anew from this whole number: the next connection of each link counts as its first. */
  reseed: (seed: number) => void;
  /** Closes the API, every link and every connection at once. */
  stop: () => Promise<void>;
}

/**
 * Toxiproxy's HTTP API and what it does to connections, inside this process.
 * Differs from the original where that would harm: nothing listens outside loopback unless `anyInterface` is set, values
 * of toxics that end the original's process are refused, and a half-closed connection stays open the other way.
 * @throws Error with code EADDRINUSE if the port is taken
 */
export async function startStandIn({
  port,
  host = '127.0.0.1',
  hosts = {},
  anyInterface = false,
  seed,
  say = () => {},
}: StandInOptions): Promise<StandIn> {
  const dice = new Dice(seed);
  const proxies = new Proxies({ hosts, anyInterface, dice, say });
  const api = createApi(proxies);
  const asked = await resolveAddress({ host, port });
  const address = anyInterface ? asked : onLoopback(asked);
  api.listen(address);
  await once(api, 'listening');
  const bound = api.address();
  const boundPort = bound !== null && typeof bound === 'object' ? bound.port : port;
  const reachable = printAddress({ host: address.host, port: boundPort });
  if (address.host !== asked.host)
    say(`link control: asked for ${host}, listens on ${reachable} only (loopback)`);
  return {
    port: boundPort,
    url: `http://${reachable}`,
    populate: async (json) => (await proxies.populate(json)).refusal?.message,
    reseed: (next) => dice.reseed(next),
    stop: async () => {
      const closed = Promise.withResolvers<void>();
      api.close(() => closed.resolve());
      api.closeAllConnections();
      await Promise.all([closed.promise, proxies.stop()]);
    },
  };
}
