import { faultsOn, type Fault, type LinkState } from '@paid-once/links';
import { age } from '../output/words.js';
import { durationText } from './quantities.js';

/** "up", or all that is wrong with it: "reset 30 % of requests, since 42 s". */
export function conditionOf(link: LinkState, now = new Date()): string {
  const troubles = faultsOn(link).map(({ since, ...trouble }) => {
    const what = trouble.fault ? faultText(trouble.fault) : strangerText(trouble.toxic);
    return since === undefined ? what : `${what}, since ${age(secondsBetween(since, now))}`;
  });
  return troubles.length === 0 ? 'up' : troubles.join('; ');
}

/** In a few words, as after the name of a link. */
export function faultText(fault: Fault): string {
  switch (fault.kind) {
    case 'cut':
      return 'cut';
    case 'slow':
      return `${durationText(fault.ms)} late`;
    case 'reset': {
      const whose = { upstream: 'requests', downstream: 'answers', both: 'requests and of answers' };
      return `reset ${fault.percent} % of ${whose[fault.stream ?? 'upstream']}`;
    }
    case 'lose-answers':
      return 'loses answers';
    case 'lose-requests':
      return 'loses requests';
    case 'drip':
      return 'drips';
    case 'half-open':
      return 'half-open';
  }
}

function strangerText({ type, stream, toxicity }: LinkState['toxics'][number]): string {
  const share = toxicity < 1 ? ` ${Number((toxicity * 100).toPrecision(3))} %` : '';
  return `${type} ${stream}${share} (somebody else’s toxic)`;
}

/** Whole ones, as the names of toxics hold them; clocks of two machines may differ. */
function secondsBetween(since: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - since.getTime()) / 1_000));
}
