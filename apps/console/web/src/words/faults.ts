import type { FaultKind, LinkName } from '@paid-once/links';
import type { AboutView, BreakRequest, FaultView } from '../../../src/api.js';
import { capital } from './capital.js';

export type Preset = AboutView['presets'][number];

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

/** For the drawing, where there is room for two words. */
export function briefly({ kind, ms, percent }: FaultView): string {
  switch (kind) {
    case 'cut':
      return 'cut';
    case 'slow':
      return ms === null ? 'slow' : `${ms}\u00a0ms late`;
    case 'reset':
      return percent === null ? 'reset' : `reset ${percent}\u00a0%`;
    case 'lose-answers':
      return 'answers lost';
    case 'lose-requests':
      return 'requests lost';
    case 'half-open':
      return 'half-open';
    case 'drip':
      return 'drips';
  }
}

/** "both-ways-30%" → "Both ways 30 %". */
export function presetTitle({ name }: Preset): string {
  return capital(name.replaceAll('-', ' ').replaceAll(/(\d)%/g, '$1\u00a0%'));
}

export function presetRequest({ fault: { kind, ms, percent, stream } }: Preset): BreakRequest {
  return {
    kind,
    ...(ms === null ? {} : { ms }),
    ...(percent === null ? {} : { percent }),
    ...(stream === null ? {} : { stream }),
  };
}

/** The same as the button, for a terminal. */
export function breakArgs(link: LinkName, request: BreakRequest): string {
  const how =
    request.kind === 'cut'
      ? ''
      : request.kind === 'slow'
        ? ` --slow ${request.ms ?? 800}ms`
        : request.kind === 'reset'
          ? ` --reset ${request.percent ?? 30}%`
          : ` --${request.kind}`;
  return `break ${link}${how}${forArgs(request.forSeconds)}`;
}

export function forArgs(seconds: number | undefined): string {
  return seconds === undefined ? '' : ` --for ${seconds}s`;
}
