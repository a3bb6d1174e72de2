import { setTimeout as pause } from 'node:timers/promises';
import type { Fault, LinkName } from '@paid-once/links';
import type { Dice } from '../dice.js';
import { instances, text, type FaultKind, type With } from '../fault.js';

/** Every link that a payment passes. Chapter 1's is none of them. */
export const links = [
  'payment',
  'payments-postgres',
  'relay-postgres',
  'relay-rabbitmq',
  'ledger-rabbitmq',
  'ledger-postgres',
] as const satisfies readonly LinkName[];

const holdOn = (link: unknown): string => `link ${String(link)}`;

/** Who needs a link to be ready. The client's own is nobody's. */
function unreadyWithout(link: string): readonly string[] {
  return link === 'payment' ? [] : (instances[link.split('-')[0] as keyof typeof instances] ?? []);
}

const link: FaultKind = {
  name: 'link',
  pack: 'net',
  lastsMs: [500, 8_000],
  draw: (dice) => {
    const kind = dice.weighted({
      cut: 3,
      slow: 2,
      reset: 2,
      'lose-answers': 2,
      'lose-requests': 2,
      'half-open': 1,
      drip: 1,
    });
    const more: With =
      kind === 'slow'
        ? { ms: dice.integer(50, 700) }
        : kind === 'reset'
          ? { percent: dice.integer(20, 80), stream: dice.pick(['upstream', 'downstream', 'both']) }
          : {};
    return { link: dice.pick(links), kind, ...more };
  },
  holds: (drawn) => [holdOn(drawn['link'])],
  inject: async ({ stack }, { link: name, ...fault }) => {
    await stack.links.breakWith(String(name), fault as unknown as Fault);
    return () => stack.links.heal(String(name));
  },
  unready: (drawn) => (drawn['kind'] === 'cut' ? unreadyWithout(text(drawn, 'link')) : []),
};

const flappingMs = 200;

const flap: FaultKind = {
  name: 'link flaps',
  pack: 'net',
  lastsMs: [1_000, 6_000],
  draw: (dice) => ({ link: dice.pick(links) }),
  holds: (drawn) => [holdOn(drawn['link'])],
  inject: async ({ stack }, drawn) => {
    const name = text(drawn, 'link');
    const ended = new AbortController();
    const flapping = (async () => {
      while (!ended.signal.aborted) {
        await stack.links.break(name);
        await pause(flappingMs);
        await stack.links.heal(name);
        await pause(flappingMs);
      }
    })();
    return async () => {
      ended.abort();
      await flapping;
    };
  },
};

const betweenLinksMs = 300;

/** As FoundationDB's swizzle: everything is stopped one by one, and comes back in another order. */
const swizzle: FaultKind = {
  name: 'swizzle',
  pack: 'swizzle',
  lastsMs: [2_000, 5_000],
  draw: (dice) => ({ down: orderOf(dice), up: orderOf(dice) }),
  holds: () => links.map(holdOn),
  inject: async ({ stack }, drawn) => {
    for (const name of text(drawn, 'down').split(',')) {
      await stack.links.break(name);
      await pause(betweenLinksMs);
    }
    return async () => {
      for (const name of text(drawn, 'up').split(',')) {
        await stack.links.heal(name);
        await pause(betweenLinksMs);
      }
    };
  },
};

function orderOf(dice: Dice): string {
  return dice.shuffled(links).join(',');
}

export const linkFaults = [link, flap, swizzle];
