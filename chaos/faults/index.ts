import type { FaultKind, Pack } from '../fault.js';
import { brokerFaults } from './broker.js';
import { clockFaults } from './clocks.js';
import { databaseFaults } from './databases.js';
import { deployFaults } from './deploys.js';
import { linkFaults } from './links.js';
import { processFaults } from './processes.js';

export const faultKinds: readonly FaultKind[] = [
  ...linkFaults,
  ...processFaults,
  ...brokerFaults,
  ...databaseFaults,
  ...clockFaults,
  ...deployFaults,
];

export function kindsOf(pack: Pack): FaultKind[] {
  return faultKinds.filter((kind) => pack === 'all' || kind.pack === pack);
}

export function kindCalled(name: string): FaultKind {
  const kind = faultKinds.find((each) => each.name === name);
  if (kind === undefined) throw new Error(`There is no fault "${name}".`);
  return kind;
}
