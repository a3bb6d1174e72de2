import type { LinkControl } from '@paid-once/links';
import { pause } from '@paid-once/service/basics';
import { z } from 'zod';
import { call } from '../services.js';
import { recovered, type WhoRecovers } from './recovered.js';
import type { Step } from './schedule.js';

/** On the client's link, from the first row to the last: three of ten requests get lost, and three of ten answers. */
export const clientFault = { kind: 'reset', percent: 30, stream: 'both' } as const;

/** How long the relay waits for a confirm in this copy, in milliseconds, so that its time-outs come while they are lost. */
export const confirmTimeoutMs = 1_000;
/** The time-out, a second in which the relay waits for its channel to be closed, and time to publish. */
const lostConfirmsMs = confirmTimeoutMs + 1_500;

/**
 * What goes wrong behind the API, at which part of the rows. Each chapter comes to its failing by construction, not by
 * luck, from 100 rows on:
 * - Lost between payments and ledger in chapter 1: a fifth of the rows starts and, but for the 8 on their way, ends while
 *   the broker is cut off. Of 12 rows at least one gets there, except with a probability of 0.3^12 < 10^-6; its message has
 *   nowhere to go.
 * - Posted twice in chapters 2 and 3: each row after the last step is paid in the end, and the first batch that the ledger
 *   commits after it dies before its ack. The confirms that were lost before it add to that.
 * - Between client and payments every row has a chance of 0.3 to be lost in chapter 1, and of 0.3 to be paid twice in 2 and
 *   3 (0.7 × 0.3 for an answer that gets lost against 0.7 × 0.7 for one that does not): 0.7^100 < 10^-15 for none of them.
 */
export function faultSteps(system: FaultySystem): Step[] {
  const { links, urls, signal } = system;
  const broken = { since: 0 };
  return [
    {
      after: 20,
      state: 'RabbitMQ is cut off',
      take: async () => void (await links.breakWith('rabbitmq', { kind: 'cut' })),
    },
    {
      after: 40,
      state: '',
      take: async () => {
        await links.heal('rabbitmq');
        await recovered(system);
      },
    },
    {
      after: 60,
      state: 'confirms get lost',
      take: async () => {
        for (const link of publishingLinks) await links.breakWith(link, { kind: 'lose-answers' });
        broken.since = performance.now();
      },
    },
    {
      after: 80,
      state: '',
      take: async () => {
        // Until a message of the last row so far was published, and its confirm waited for in vain.
        await pause(Math.max(broken.since + lostConfirmsMs - performance.now(), 0), signal);
        for (const link of publishingLinks) await links.heal(link);
        await recovered(system);
      },
    },
    {
      after: 85,
      state: 'the ledger dies between commit and ack',
      take: async () => {
        const body = { point: 'ledger.after-commit' };
        await call('ledger', urls.ledger, { method: 'POST', path: '/lab/crash', body, signal }, z.unknown());
      },
    },
  ];
}

/** The same in words, as it is saved beside the figures. */
export const faultsInWords = [
  'the whole time: link payment resets 30 % of the connections before the request and 30 % after it',
  'from 20 to 40 % of the rows: links payments-rabbitmq, relay-rabbitmq and ledger-rabbitmq are cut',
  `from 60 to 80 % of the rows: links payments-rabbitmq and relay-rabbitmq lose answers, for more than ${lostConfirmsMs} ms`,
  'after 85 % of the rows: the ledger is killed between its next commit and the ack',
];

export interface FaultySystem extends WhoRecovers {
  links: LinkControl;
}

const publishingLinks = ['relay-rabbitmq', 'payments-rabbitmq'] as const;
