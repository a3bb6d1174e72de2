import { services, text, type FaultKind, type Service } from '../fault.js';

/** Of both processes of a service; the databases' clocks stay: they decide what is remembered. */
const jump: FaultKind = {
  name: 'clock jumps',
  pack: 'clock',
  lastsMs: [1_000, 8_000],
  draw: (dice) => ({
    service: dice.pick(services),
    seconds: dice.pick([-86_400 * 365, -3_600, -30, 30, 3_600, 86_400 * 365]),
  }),
  holds: (drawn) => [`clock ${text(drawn, 'service')}`],
  inject: async (system, drawn) => {
    const service = text(drawn, 'service') as Service;
    await system.setClock(service, Number(drawn['seconds']));
    return () => system.setClock(service, 0);
  },
};

export const clockFaults = [jump];
