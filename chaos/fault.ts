import type { Dice } from './dice.js';
import type { ChaosSystem } from './system.js';

export const packs = ['net', 'kill', 'broker', 'store', 'clock', 'deploy', 'swizzle', 'all'] as const;
export type Pack = (typeof packs)[number];

/** What a fault is drawn with: kept in the schedule's file as it is. */
export type With = Readonly<Record<string, string | number>>;

/** A way to hurt the system, once or for a while. */
export interface FaultKind {
  name: string;
  pack: Exclude<Pack, 'all'>;
  /** The shortest and the longest time that it lasts, in milliseconds. */
  lastsMs: readonly [number, number];
  draw: (dice: Dice) => With;
  /** What it takes hold of: nothing else touches that meanwhile. */
  holds: (drawn: With) => readonly string[];
  /** How long it may take after that until all is whole again, in milliseconds; default 1,000. */
  healsInMs?: number;
  /** @returns what ends it */
  inject: (system: ChaosSystem, drawn: With) => Promise<() => Promise<unknown>>;
  /** The processes that must say that they are not ready, when it lasts three seconds or more. */
  unready?: (drawn: With) => readonly string[];
}

/** All processes of ours, by the names that the supervisor gives them. */
export const instances = {
  payments: ['payments', 'payments-2'],
  relay: ['relay', 'relay-2'],
  ledger: ['ledger', 'ledger-2'],
} as const;
export type Service = keyof typeof instances;

export const services = ['payments', 'relay', 'ledger'] as const satisfies readonly Service[];
export const processNames: readonly string[] = services.flatMap((service) => instances[service]);

export const serverNames = ['paymentsDb', 'ledgerDb', 'broker'] as const;
export type ServerName = (typeof serverNames)[number];

/** Whose process it is. */
export function serviceOf(process: string): Service {
  const found = services.find((service) => (instances[service] as readonly string[]).includes(process));
  if (found === undefined) throw new Error(`There is no process ${process}.`);
  return found;
}

export function text(drawn: With, name: string): string {
  return String(drawn[name] ?? '');
}

/** For what is over as soon as it is done. */
export const nothingToHeal = async (): Promise<void> => {};
