import { connect, type Socket } from 'node:net';
import type { Address } from './addresses.js';
import type { ConnectionDice } from './dice.js';
import { ToxicLink } from './toxic-link.js';
import type { Toxic } from './toxic.js';

/** How long a client whose upstream cannot be reached may keep its side open after our FIN. */
const farewellMs = 1_000;

/** A client's connection and the one made for it to the upstream, with a link for each direction between them. */
export class Connection {
  readonly #upstream: Socket;
  readonly #links: ToxicLink[] = [];
  #farewell: NodeJS.Timeout | undefined;

  /**
   * @param client  accepted and not read yet
   * @param address undefined for an upstream nobody can connect to
   * @param toxics  asked for when the upstream has answered
   * @param dice    what chance decides about this connection
   * @param closed  called once, when both sockets are gone
   */
  constructor(
    private readonly client: Socket,
    address: Address | undefined,
    toxics: () => readonly Toxic[],
    private readonly dice: ConnectionDice,
    closed: () => void,
  ) {
    // Port 0 of nowhere fails like any other upstream that is away.
    this.#upstream = connect({
      ...(address ?? { host: '127.0.0.1', port: 0 }),
      allowHalfOpen: true,
      noDelay: true,
    });
    let open = 2;
    for (const socket of [this.client, this.#upstream]) {
      socket.on('error', () => {}); // 'close' follows, and the link that reads this socket ends
      socket.once('close', () => {
        if (--open > 0) return;
        clearTimeout(this.#farewell);
        for (const link of this.#links) link.abandon();
        closed();
      });
    }
    this.client.setNoDelay(true); // a sliced chunk must leave in slices
    this.#upstream.once('connect', () => this.#start(toxics()));
    this.#upstream.once('error', () => this.#sayFarewell());
  }

  forEachLink(apply: (link: ToxicLink) => void): void {
    for (const link of this.#links) apply(link);
  }

  /** Closes both sockets now, with FIN. */
  destroy(): void {
    this.client.destroy();
    this.#upstream.destroy();
  }

  #start(toxics: readonly Toxic[]): void {
    if (this.client.destroyed) return void this.#upstream.destroy();
    const withReset = toxics.some(({ type }) => type.closesWithReset);
    const toward = (direction: ToxicLink['direction']) =>
      toxics.filter((toxic) => toxic.direction === direction);
    this.#links.push(
      new ToxicLink('upstream', this.client, this.#upstream, toward('upstream'), withReset, this.dice),
      new ToxicLink('downstream', this.#upstream, this.client, toward('downstream'), withReset, this.dice),
    );
  }

  /**
   * No upstream: the client was accepted already, and is now told with FIN that nobody is there. What it has sent is
   * read and dropped: closing with unread bytes would send RST, which a client takes for something else.
   */
  #sayFarewell(): void {
    if (this.#links.length > 0) return;
    this.client.resume();
    this.client.end();
    this.#farewell = setTimeout(() => this.client.destroy(), farewellMs);
  }
}
