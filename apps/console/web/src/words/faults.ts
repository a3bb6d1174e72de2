import type { FaultKind, LinkName } from '@paid-once/links';
import type { BreakRequest } from '../../../src/api.js';

/** In the order of `paid-once break --help`. `does`: to whom the link carries something. */
export const faults: readonly { kind: FaultKind; title: string; does: string }[] = [
  { kind: 'cut', title: 'Cut', does: 'Open connections are closed, new ones are refused.' },
  { kind: 'slow', title: 'Slow', does: 'Each answer comes late; the throughput stays.' },
  { kind: 'reset', title: 'Reset', does: 'That share of the connections is reset at the first byte.' },
  {
    kind: 'lose-answers',
    title: 'Lose answers',
    does: 'Requests get there and are done; nobody hears of it, on a connection that looks alive.',
  },
  {
    kind: 'lose-requests',
    title: 'Lose requests',
    does: 'Requests get lost, on a connection that looks alive.',
  },
  {
    kind: 'half-open',
    title: 'Half-open',
    does: 'Nothing arrives on either side, on a connection that looks alive.',
  },
  { kind: 'drip', title: 'Drip', does: 'Everything arrives, in crumbs of a few bytes.' },
];

export interface Preset {
  title: string;
  does: string;
  breaks: readonly { link: LinkName; request: BreakRequest }[];
}

/** What payment systems are known to fail at, by the names people give it. */
export const presets: readonly Preset[] = [
  {
    title: 'Confirm lost',
    does: 'RabbitMQ has the message, the relay does not know: it publishes it again.',
    breaks: [{ link: 'relay-rabbitmq', request: { kind: 'lose-answers' } }],
  },
  {
    title: 'Ack lost',
    does: 'The transfer is posted, RabbitMQ does not know: it delivers the message again.',
    breaks: [{ link: 'ledger-rabbitmq', request: { kind: 'lose-requests' } }],
  },
  {
    title: 'Commit answer lost',
    does: 'The payment is committed, payments does not know: the client asks again.',
    breaks: [{ link: 'payments-postgres', request: { kind: 'lose-answers' } }],
  },
  {
    title: 'Requests reset, 30 %',
    does: 'Three of ten requests are lost: the client cannot tell whether it has paid.',
    breaks: [{ link: 'payment', request: { kind: 'reset', percent: 30 } }],
  },
  {
    title: 'RabbitMQ is gone',
    does: 'What an outage of the broker looks like to everybody.',
    breaks: [
      { link: 'payments-rabbitmq', request: { kind: 'cut' } },
      { link: 'relay-rabbitmq', request: { kind: 'cut' } },
      { link: 'ledger-rabbitmq', request: { kind: 'cut' } },
    ],
  },
];

/** The same as the button, for a terminal. */
export function breakCommand(link: LinkName, request: BreakRequest): string {
  const how =
    request.kind === 'cut'
      ? ''
      : request.kind === 'slow'
        ? ` --slow ${request.ms ?? 800}ms`
        : request.kind === 'reset'
          ? ` --reset ${request.percent ?? 30}%`
          : ` --${request.kind}`;
  return `npx paid-once break ${link}${how}${request.forSeconds === undefined ? '' : ` --for ${request.forSeconds}s`}`;
}
