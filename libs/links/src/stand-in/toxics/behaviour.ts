import type { FieldTypes } from '../go-fields.js';
import type { Stage } from '../stage.js';

/**
 * What a toxic does to one direction of one connection. It takes from the stage and sends on, until the stage is
 * interrupted or the direction ends. When interrupted it passes on what it holds and returns.
 */
export type ToxicBehaviour = (stage: Stage) => Promise<void>;

/** Attributes as stored and shown; a missing one is 0. */
export type Attributes<Name extends string = string> = Readonly<Record<Name, number>>;

export interface ToxicType<Name extends string = string> {
  /** In the order in which they are shown. */
  attributes: Readonly<Record<Name, Extract<keyof FieldTypes, 'int' | 'int64'>>>;
  behaviour(attributes: Attributes<Name>): ToxicBehaviour;
  /** Why these values are refused, if they are. Toxiproxy takes them, and some of them end its process. */
  fault?(attributes: Attributes<Name>): string | undefined;
  /** How many chunks may wait before the sender has to. Default 1. */
  capacity?: number;
  /** Taking the toxic away closes every connection of its direction, touched by it or not. */
  closesOnRemoval?: boolean;
  /** Connections opened while the toxic is there are closed with RST. */
  closesWithReset?: boolean;
}

export function negative<Name extends string>(
  attributes: Attributes<Name>,
  ...names: Name[]
): string | undefined {
  const name = names.find((candidate) => attributes[candidate] < 0);
  return name === undefined ? undefined : `${name} must not be negative`;
}
