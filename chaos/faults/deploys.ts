import {
  instances,
  nothingToHeal,
  processNames,
  services,
  text,
  type FaultKind,
  type Service,
} from '../fault.js';

const ofService = (service: unknown): readonly string[] => instances[service as Service];

const rolling: FaultKind = {
  name: 'rolling restart',
  pack: 'deploy',
  lastsMs: [0, 0],
  healsInMs: 12_000,
  draw: (dice) => ({ service: dice.pick(services) }),
  holds: (drawn) => ofService(drawn['service']),
  inject: async (system, drawn) => {
    for (const name of ofService(drawn['service'])) await system.process(name).restart();
    return nothingToHeal;
  },
};

const scaleDown: FaultKind = {
  name: 'one process less',
  pack: 'deploy',
  lastsMs: [2_000, 8_000],
  healsInMs: 5_000,
  draw: (dice) => ({ process: dice.pick(processNames) }),
  holds: (drawn) => [text(drawn, 'process')],
  inject: async (system, drawn) => {
    const process = system.process(text(drawn, 'process'));
    await process.stop();
    return () => process.restart();
  },
  unready: (drawn) => [text(drawn, 'process')],
};

/** As every deployment begins. */
const setupAgain: FaultKind = {
  name: 'setup runs again',
  pack: 'deploy',
  lastsMs: [0, 0],
  healsInMs: 6_000,
  draw: () => ({}),
  holds: () => ['paymentsDb', 'ledgerDb', 'broker'],
  inject: async (system) => {
    await system.setUpAgain();
    return nothingToHeal;
  },
};

export const deployFaults = [rolling, scaleDown, setupAgain];
