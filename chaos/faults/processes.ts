import { faultPoints } from '@paid-once/service/basics';
import {
  nothingToHeal,
  processNames,
  serverNames,
  serviceOf,
  text,
  type FaultKind,
  type ServerName,
} from '../fault.js';

/** A process that died is started again after a second, and takes one or two to be there. */
const untilBack = [3_000, 4_000] as const;

const kill: FaultKind = {
  name: 'process dies',
  pack: 'kill',
  lastsMs: untilBack,
  draw: (dice) => ({ process: dice.pick(processNames), signal: dice.weighted({ SIGKILL: 3, SIGTERM: 1 }) }),
  holds: (drawn) => [text(drawn, 'process')],
  inject: async (system, drawn) => {
    await system.kill(text(drawn, 'process'), text(drawn, 'signal') as NodeJS.Signals);
    return nothingToHeal;
  },
};

const freeze: FaultKind = {
  name: 'process freezes',
  pack: 'kill',
  lastsMs: [1_000, 8_000],
  draw: (dice) => ({ process: dice.pick(processNames) }),
  holds: (drawn) => [text(drawn, 'process')],
  inject: async (system, drawn) => {
    const process = system.process(text(drawn, 'process'));
    await process.kill('SIGSTOP');
    return () => process.kill('SIGCONT');
  },
  unready: (drawn) => [text(drawn, 'process')],
};

/** Between two steps of a payment that luck does not hit. */
const crashPoint: FaultKind = {
  name: 'process dies at a point',
  pack: 'kill',
  lastsMs: [4_000, 5_000],
  draw: (dice) => {
    const process = dice.pick(processNames);
    const points = faultPoints.filter((point) => point.startsWith(`${serviceOf(process)}.`));
    return { process, point: dice.pick(points) };
  },
  holds: (drawn) => [text(drawn, 'process')],
  inject: async (system, drawn) => {
    await system.armCrash(text(drawn, 'process'), text(drawn, 'point'));
    return nothingToHeal;
  },
};

const server = (drawn: Parameters<FaultKind['holds']>[0]) => text(drawn, 'server') as ServerName;

const killServer: FaultKind = {
  name: 'server dies',
  pack: 'kill',
  lastsMs: [500, 3_000],
  healsInMs: 8_000,
  draw: (dice) => ({ server: dice.pick(serverNames) }),
  holds: (drawn) => [server(drawn)],
  inject: async ({ servers }, drawn) => {
    await servers[server(drawn)].kill('SIGKILL');
    return () => servers[server(drawn)].restart();
  },
};

const freezeServer: FaultKind = {
  name: 'server freezes',
  pack: 'kill',
  lastsMs: [1_000, 6_000],
  draw: (dice) => ({ server: dice.pick(serverNames) }),
  holds: (drawn) => [server(drawn)],
  inject: async ({ servers }, drawn) => {
    await servers[server(drawn)].kill('SIGSTOP');
    return () => servers[server(drawn)].kill('SIGCONT');
  },
};

export const processFaults = [kill, freeze, crashPoint, killServer, freezeServer];
