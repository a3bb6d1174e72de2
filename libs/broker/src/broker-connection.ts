import {
  connect,
  credentials,
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type RecoveringChannelModel,
} from 'amqplib';
import { closeChannel } from './close-channel.js';
import { causeOf, isRefusal } from './connection-cause.js';
import { BrokerBlocked, BrokerUnreachable } from './publish-failures.js';
import { ReconnectDelays } from './reconnect-delays.js';
import { collectWrites, cutSocket } from './socket.js';
import { within } from './within.js';

/** `blocked`: connected, but the broker is short of memory or disk and reads no publishes; consuming still works. */
export type BrokerState =
  { kind: 'up' } | { kind: 'down'; cause: string } | { kind: 'blocked'; reason: string };

export interface BrokerConnectionOptions {
  /** amqp:// or amqps://, with user, password and vhost. */
  url: string;
  /** Shown beside the connection in the management UI. */
  name: string;
  /** A link that is silent for 2–3 of these is given up. Default 5. */
  heartbeatSeconds?: number;
  /** The longest pause between two attempts, unless the broker refuses them. Default 2,000. */
  maxReconnectDelayMs?: number | undefined;
  /** Called when the state changes, not for each attempt. */
  onState?: (state: BrokerState) => void;
}

/** How long a server may be silent while a connection is made, in milliseconds. */
const connectTimeoutMs = 5_000;
/** How long closing waits for the broker's answer, in milliseconds: it may be gone. */
const closeTimeoutMs = 2_000;

/**
 * One TCP connection that comes back by itself. It starts connecting at once, never throws and never gives up; the
 * broker being away is a state, not an error. What publishes and what consumes use separate ones: a broker that is
 * short of memory stops reading from connections that publish, and their acks would wait with the publishes.
 */
export class BrokerConnection {
  private current: BrokerState = { kind: 'down', cause: 'not connected yet' };
  private model: ChannelModel | undefined;
  private modelInSetup: ChannelModel | undefined;
  private closing: Promise<void> | undefined;
  private readonly link: Promise<RecoveringChannelModel>;
  private readonly delays: ReconnectDelays;
  private readonly channels = new Set<Channel>();
  private readonly listeners = new Set<(state: BrokerState) => void>();

  constructor(private readonly options: BrokerConnectionOptions) {
    this.delays = new ReconnectDelays(options.maxReconnectDelayMs);
    if (options.onState !== undefined) this.listeners.add(options.onState);
    this.link = this.start();
  }

  get state(): BrokerState {
    return this.current;
  }

  /** Who is logged in here: the broker lets nobody publish under another name. */
  get user(): string {
    return decodeURIComponent(new URL(this.options.url).username);
  }

  /** Calls back with each change of the state, until the returned function is called. */
  subscribe(listener: (state: BrokerState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @throws BrokerUnreachable */
  openChannel(): Promise<Channel> {
    return this.open((model) => model.createChannel());
  }

  /** @throws BrokerUnreachable */
  openConfirmChannel(): Promise<ConfirmChannel> {
    return this.open((model) => model.createConfirmChannel());
  }

  /** @throws BrokerUnreachable, BrokerBlocked */
  assertPublishable(): void {
    if (this.current.kind === 'down') throw new BrokerUnreachable(this.current.cause);
    if (this.current.kind === 'blocked') throw new BrokerBlocked(this.current.reason);
  }

  /** Until the returned function is called, what is sent is collected, so that it leaves in few packets. */
  collectWrites(): () => void {
    return this.model === undefined ? () => {} : collectWrites(this.model);
  }

  /** Gives this connection up: everything on it fails at once, and a new one is made. */
  cut(reason: string): void {
    if (this.model !== undefined) cutSocket(this.model, new Error(reason));
  }

  /** Channels first, so that acks still under way arrive, then the connection. Resolves in the end, whatever the broker does. */
  close(): Promise<void> {
    return (this.closing ??= this.closeAll());
  }

  private async start(): Promise<RecoveringChannelModel> {
    const url = new URL(this.options.url);
    url.searchParams.set('heartbeat', String(this.options.heartbeatSeconds ?? 5));
    const link = await connect(url.href, {
      timeout: connectTimeoutMs,
      noDelay: true,
      // amqplib's own reading of the URL garbles what is not ASCII.
      credentials: credentials.plain(decodeURIComponent(url.username), decodeURIComponent(url.password)),
      clientProperties: { connection_name: this.options.name },
      recovery: {
        waitForConnect: false,
        calculateDelay: () => this.delays.next(),
        setup: (model: ChannelModel) => this.setUp(model),
      },
    });
    link.on('connect', (model) => this.connected(model));
    link.on('disconnect', (error) => this.lost(error));
    link.on('connect-failed', (error) => this.lost(error));
    link.on('error', () => {}); // what it says comes again with `disconnect`; unheard it would end the process
    return link;
  }

  /** Runs on each new connection, before it counts as one. */
  private async setUp(model: ChannelModel): Promise<void> {
    // First of all: amqplib listens only after setup, and a socket that dies before then would end the process.
    let fault: Error | undefined;
    model.on('error', (error) => (fault = error));
    let alive = true;
    model.on('close', () => (alive = false));
    model.on('blocked', (reason) => this.blockedChanged(model, { kind: 'blocked', reason }));
    model.on('unblocked', () => this.blockedChanged(model, { kind: 'up' }));
    this.modelInSetup = model;
    try {
      // A connection that the broker closes in the same breath as it opens it looks alive to amqplib: use it once.
      const probe = await model.createChannel();
      probe.on('error', () => {});
      await closeChannel(probe);
      if (!alive) throw new Error('the connection was lost as soon as it was made');
    } catch (error) {
      cutSocket(model, new Error('setup failed')); // amqplib would close it politely, and wait for the answer for ever
      throw fault ?? error;
    } finally {
      this.modelInSetup = undefined;
    }
  }

  private connected(model: ChannelModel): void {
    this.model = model;
    this.delays.connected();
    this.become({ kind: 'up' });
  }

  private blockedChanged(model: ChannelModel, state: BrokerState): void {
    if (this.model === model) this.become(state);
  }

  private lost(error: Error): void {
    this.model = undefined;
    this.delays.lost({ refused: isRefusal(error) });
    this.become({ kind: 'down', cause: causeOf(error, this.options.url) });
  }

  private become(state: BrokerState): void {
    if (this.closing !== undefined && state.kind !== 'down') return;
    if (textOf(state) === textOf(this.current)) return;
    this.current = state;
    for (const listener of this.listeners) listener(state);
  }

  private async open<C extends Channel>(create: (model: ChannelModel) => Promise<C>): Promise<C> {
    const model = this.model;
    if (model === undefined || this.closing !== undefined) throw new BrokerUnreachable(this.cause());
    try {
      const channel = await create(model);
      channel.on('error', () => {}); // whoever uses it listens too; unheard it would take the connection along
      this.channels.add(channel);
      channel.once('close', () => this.channels.delete(channel));
      return channel;
    } catch (error) {
      await Promise.resolve(); // what took the channel may be telling the connection in this very turn
      if (this.model === model) this.cut(`no channel could be opened: ${causeOf(error, this.options.url)}`);
      throw new BrokerUnreachable(this.cause());
    }
  }

  /** What keeps the connection from being used, in one line. */
  private cause(): string {
    if (this.closing !== undefined) return 'the connection is closed';
    return this.current.kind === 'down' ? this.current.cause : 'the connection was lost';
  }

  private async closeAll(): Promise<void> {
    await within(closeTimeoutMs, Promise.all([...this.channels].map(closeChannel)));
    const link = await this.link;
    const { model, modelInSetup } = this;
    const closed = link.close().catch(() => {});
    const lost = new Promise<void>((resolve) => model?.once('close', () => resolve()));
    if (model !== undefined) await within(closeTimeoutMs, Promise.race([closed, lost]));
    // Closed already, as a rule; a broker that does not answer is not waited for.
    for (const left of [model, modelInSetup]) if (left !== undefined) cutSocket(left, new Error('closed'));
    this.model = undefined;
    this.become({ kind: 'down', cause: this.cause() });
  }
}

function textOf(state: BrokerState): string {
  return state.kind === 'up' ? 'up' : `${state.kind}: ${state.kind === 'down' ? state.cause : state.reason}`;
}
