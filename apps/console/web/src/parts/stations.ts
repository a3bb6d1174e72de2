import type { Health, ProcessView, Snapshot, Totals } from '../../../src/api.js';
import { count, counted, rate, sums } from '../words/money.js';
import { age } from '../words/times.js';

export type StationName = keyof Snapshot['stations'];

/** What a station shows, whichever it is. */
export interface Station {
  name: StationName;
  title: string;
  health: Health | null;
  /** Null: not known, drawn as a dash. */
  number: string | null;
  unit: string;
  /** Money, one line a currency. */
  sums: string[];
  notes: { says: string; growing?: boolean; bad?: boolean }[];
  /** Of all payments, from 0 to 1; null where a share says nothing. */
  share: number | null;
  processes: ProcessView[];
}

/** Which process is to be killed where: each station has the one that its payments hang on. */
const processesOf: Record<StationName | 'relay', readonly string[]> = {
  client: [],
  payments: ['payments'],
  outbox: ['payments-db'],
  relay: ['relay'],
  queue: ['rabbitmq'],
  inbox: ['ledger'],
  ledger: ['ledger-db'],
};

export function processesAt(place: StationName | 'relay', now: Snapshot | null): ProcessView[] {
  const names = processesOf[place];
  // `relay-2` belongs to `relay`, and `payments-db` not to `payments`.
  return (now?.processes ?? []).filter(({ name }) => names.includes(name.replace(/-\d+$/, '')));
}

export function stationOf(name: StationName, now: Snapshot | null): Station {
  const blank = { name, health: null, number: null, sums: [], notes: [], share: null };
  const processes = processesAt(name, now);
  const title = titles[name];
  if (now === null) return { ...blank, title, unit: units[name], processes };
  return { ...blank, title, unit: units[name], processes, ...shown(name, now) };
}

const titles: Record<StationName, string> = {
  client: 'Client',
  payments: 'Payments',
  outbox: 'Outbox',
  queue: 'Queue',
  inbox: 'Inbox',
  ledger: 'Ledger',
};

const units: Record<StationName, string> = {
  client: 'requests/s',
  payments: 'accepted',
  outbox: 'waiting',
  queue: 'under way',
  inbox: 'absorbed',
  ledger: 'posted',
};

function shown(name: StationName, { stations }: Snapshot): Partial<Station> {
  const all = stations.payments.count;
  switch (name) {
    case 'client':
      return { number: rate(stations.client.perSecond) };
    case 'payments': {
      const { count: accepted, totals, perSecond } = stations.payments;
      return {
        health: stations.payments,
        ...numbers(accepted, totals, all),
        sums: sumsOrDash(totals),
        notes: speed(perSecond),
      };
    }
    case 'outbox': {
      const { pending, totals, oldestSeconds, deadLetters } = stations.outbox;
      const oldest =
        oldestSeconds === null || pending === 0 || oldestSeconds < 1
          ? []
          : [{ says: `oldest ${age(oldestSeconds)}`, growing: oldestSeconds >= 5 }];
      const dead = deadLetters === 0 ? [] : [{ says: counted(deadLetters, 'dead letter'), bad: true }];
      return { health: stations.outbox, ...numbers(pending, totals, all), notes: [...oldest, ...dead] };
    }
    case 'queue':
      return { health: stations.queue, ...numbers(stations.queue.underWay, null, all) };
    case 'inbox':
      return { health: stations.inbox, ...numbers(stations.inbox.absorbed, null, null) };
    case 'ledger': {
      const { count: posted, totals, perSecond, parked } = stations.ledger;
      const set = parked === 0 ? [] : [{ says: `${count(parked)} parked`, bad: true }];
      return {
        health: stations.ledger,
        ...numbers(posted, totals, all),
        sums: sumsOrDash(totals),
        notes: [...speed(perSecond), ...set],
      };
    }
  }
}

function numbers(number: number | null, totals: Totals | null, all: number | null): Partial<Station> {
  return {
    number: number === null ? null : count(number),
    sums: totals === null ? [] : sums(totals),
    share: number === null || all === null || all === 0 ? null : Math.min(1, number / all),
  };
}

/** What a side does not tell is not nothing. */
function sumsOrDash(totals: Totals | null): string[] {
  return totals === null ? ['—'] : sums(totals);
}

function speed(perSecond: number): Station['notes'] {
  return perSecond > 0 ? [{ says: `${rate(perSecond)}/s` }] : [];
}
