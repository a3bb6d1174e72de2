import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { check, unseenFaults, type Observed, type Verdict } from './checker/check.js';
import { Client } from './client.js';
import { settled } from './drain.js';
import { readEvidence, type Evidence } from './evidence.js';
import { History, readHistory } from './history.js';
import { Nemesis } from './nemesis.js';
import { Observer } from './observer.js';
import { planOperations } from './operations.js';
import { readSchedule, type Schedule } from './schedule.js';
import { ChaosSystem } from './system.js';
import { Workload } from './workload.js';

/** After the last fault, until everything is ready, known and posted: beyond a minute it is a violation, beyond two it ends. */
const drainLimitMs = 120_000;
const readyLimitMs = 60_000;

/**
 * Runs a schedule on a system of its own, heals everything, waits until nothing moves, and judges.
 * @param directory gets schedule, history, evidence, logs and verdict; when the run passes, the servers' data is removed
 */
export async function runChaos(
  schedule: Schedule,
  directory: string,
  say: (line: string) => void,
): Promise<Verdict> {
  mkdirSync(directory, { recursive: true });
  const keep = (name: string, content: object) =>
    writeFileSync(join(directory, name), `${JSON.stringify(content, undefined, 2)}\n`);
  keep('schedule.json', schedule);
  const log = join(directory, 'processes.log');
  say('starting two Postgres, RabbitMQ, links, and two of each process');
  const system = await ChaosSystem.start({
    directory,
    clocks: schedule.steps.some(({ fault }) => fault === 'clock jumps'),
    onLine: (name, line) => appendFileSync(log, `${new Date().toISOString()} ${name} ${line}\n`),
    say,
  });
  const history = new History(join(directory, 'history.ndjson'));
  const observer = new Observer(system, () => history.nowMs);
  let verdict: Verdict | undefined;
  try {
    await underFaults(system, schedule, { history, observer, say });
    const evidence = await readEvidence(system);
    const observed: Observed = {
      lostConfirms: system.lostConfirms,
      repeated: observer.repeated,
      redelivered: observer.redelivered,
      heads: observer.heads,
      peaks: observer.peaks(),
      unexpectedExits: system.unexpectedExits,
      leaks: system.leaks.found,
      logLines: system.logLines,
      unseen: unseenFaults(schedule, history.entries, (...asked) => observer.wasUnready(...asked)),
    };
    keep('evidence.json', evidence);
    keep('observed.json', observed);
    verdict = check(schedule, history.entries, evidence, observed);
    keep('verdict.json', verdict);
    return verdict;
  } finally {
    await observer.stop();
    history.close();
    await system.stack.stop();
    if (verdict?.verdict === 'pass') await rm(join(directory, 'data'), { recursive: true, force: true });
  }
}

/** The verdict on a run that was kept, from its files alone. */
export function judgeAgain(directory: string): { schedule: Schedule; verdict: Verdict } {
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  const schedule = readSchedule(read('schedule.json'));
  const [evidence, observed] = [
    JSON.parse(read('evidence.json')) as Evidence,
    JSON.parse(read('observed.json')) as Observed,
  ];
  return {
    schedule,
    verdict: check(schedule, readHistory(join(directory, 'history.ndjson')), evidence, observed),
  };
}

async function underFaults(
  system: ChaosSystem,
  schedule: Schedule,
  { history, observer, say }: { history: History; observer: Observer; say: (line: string) => void },
): Promise<void> {
  const [payments, second] = system.stack.instances.payments;
  const urls = {
    link: system.stack.urls.link,
    payments: payments?.url ?? '',
    'payments-2': second?.url ?? '',
  };
  const workload = new Workload(new Client(urls, history, system.leaks), history, schedule.seed);
  const nemesis = new Nemesis(system, history, say);
  history.phase('start');
  observer.start();
  nemesis.start(schedule);
  const limit = (ms: number) => AbortSignal.timeout(ms);
  try {
    await workload.run(
      planOperations(schedule.seed, schedule.seconds),
      limit(schedule.seconds * 1_000 + drainLimitMs),
    );
  } finally {
    await nemesis.end();
  }
  await system.stack.links.healAll();
  history.phase('drain');
  say(
    `${(history.nowMs / 1_000).toFixed(1).padStart(6)} s  all is healed: asking again for what is not known`,
  );
  const drain = limit(drainLimitMs);
  await system.ready(readyLimitMs);
  history.phase('resolve');
  await workload.resolve(drain);
  await settled(system, drain);
  history.phase('settled');
  await observer.stop();
}
