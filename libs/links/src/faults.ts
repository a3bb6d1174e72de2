import type { LinkName } from './links.js';

/**
 * What can be wrong with a link, named by what it does to those who use it, not by how that is done.
 * `upstream` is what the client says, `downstream` what it is answered.
 */
export type Fault =
  /** Open connections are closed, new ones are refused. */
  | { kind: 'cut' }
  /** Each answer comes so many whole milliseconds late; the throughput stays. */
  | { kind: 'slow'; ms: number }
  /**
   * That share of the connections, in percent, is reset at the first byte. `upstream`, the default: before a request gets
   * there; `downstream`: after it was done; `both`: drawn once for each.
   */
  | { kind: 'reset'; percent: number; stream?: 'upstream' | 'downstream' | 'both' }
  /** Requests get there and are done; the client hears nothing, on a connection that looks alive. */
  | { kind: 'lose-answers' }
  /** Requests get lost, on a connection that looks alive. */
  | { kind: 'lose-requests' }
  /** Everything arrives, in crumbs of a few bytes, at about 100 KB/s. */
  | { kind: 'drip' }
  /** Nothing arrives on either side, on a connection that looks alive: the other one's machine is gone. */
  | { kind: 'half-open' };

export type FaultKind = Fault['kind'];

export const faultKinds = [
  'cut',
  'slow',
  'reset',
  'lose-answers',
  'lose-requests',
  'drip',
  'half-open',
] as const satisfies readonly FaultKind[];

export interface FaultPreset {
  link: LinkName;
  fault: Fault;
}

/** The faults that payment systems are known to fail at, by the names people give them. */
export const faultPresets = {
  /** RabbitMQ has the message, the relay does not know: it publishes it again. */
  'confirm-lost': { link: 'relay-rabbitmq', fault: { kind: 'lose-answers' } },
  /** The transfer is posted, RabbitMQ does not know: it delivers the message again. */
  'ack-lost': { link: 'ledger-rabbitmq', fault: { kind: 'lose-requests' } },
  /** The payment is committed, payments does not know: the client is told so, and asks again. */
  'commit-answer-lost': { link: 'payments-postgres', fault: { kind: 'lose-answers' } },
  /** The client's request is lost, or its answer is: it cannot tell which. */
  'both-ways-30%': { link: 'payment', fault: { kind: 'reset', percent: 30, stream: 'both' } },
} as const satisfies Record<string, FaultPreset>;

/** undefined: there is no such preset. */
export function faultPreset(name: string): FaultPreset | undefined {
  return Object.hasOwn(faultPresets, name) ? faultPresets[name as keyof typeof faultPresets] : undefined;
}
