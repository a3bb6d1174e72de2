import type { Evidence } from '../evidence.js';
import type { Pack } from '../fault.js';
import { kindCalled } from '../faults/index.js';
import type { Entry } from '../history.js';
import { attemptsIn, intentsIn, type Attempt } from '../intents.js';
import { inWords } from '../nemesis.js';
import type { Schedule } from '../schedule.js';
import {
  changedAfterwards,
  lostOrStuck,
  outOfOrder,
  postedTwice,
  postedWrongly,
  takenBack,
  unbalanced,
  violations,
  type Violation,
} from './invariants.js';
import { stagesOf, type Stage, type StageName } from './stages.js';

/** What was seen of the processes while the run went on. */
export interface Observed {
  /** How often a relay sent messages and got no confirm. */
  lostConfirms: number;
  /** Messages that the ledger had taken before. */
  repeated: number;
  /** Messages that RabbitMQ delivered again. */
  redelivered: number;
  heads: readonly { shard: number; seq: string; hash: string }[];
  peaks: { memoryMb: number; files: number };
  unexpectedExits: readonly string[];
  leaks: readonly string[];
  /** Of all processes, in the whole run. */
  logLines: number;
  /** Faults that lasted, and that a process should have told and did not. */
  unseen: readonly string[];
}

export interface Verdict {
  /** inconclusive: nothing is wrong, but the run was not hard enough to say much. */
  verdict: 'pass' | 'fail' | 'inconclusive';
  stages: Record<StageName, Stage>;
  violations: Violation[];
  /** What the run should have met and did not. */
  missed: string[];
  /** Seconds from the last healing until nothing moved any more. */
  caughtUpSeconds: number;
  met: Record<'redelivered' | 'lostConfirms' | 'absorbed' | 'landed' | 'notLanded' | 'faults', number>;
  peaks: Observed['peaks'];
}

const catchUpLimitSeconds = 60;
/** Of a process, whatever it meets; it holds its heap and two batches. */
const most = { memoryMb: 500, files: 400, logLinesPerSecond: 20 };

/** What must be met for a run to count, by what a pack can bring about. */
const needs: Record<Pack, readonly (keyof Verdict['met'])[]> = {
  all: ['redelivered', 'lostConfirms', 'absorbed', 'landed', 'notLanded'],
  net: ['redelivered', 'lostConfirms', 'absorbed', 'landed', 'notLanded'],
  kill: ['absorbed', 'notLanded'],
  broker: ['absorbed'],
  store: ['notLanded'],
  clock: [],
  deploy: [],
  swizzle: ['notLanded'],
};

/** Below that, too little may come to pass by chance. */
const shortestSeconds = 30;

/** Judges a run by its history and by what both databases hold. It asks nobody: the same files give the same verdict. */
export function check(
  schedule: Schedule,
  entries: readonly Entry[],
  evidence: Evidence,
  observed: Observed,
): Verdict {
  const attempts = attemptsIn(entries);
  const intents = intentsIn(attempts);
  const caughtUpSeconds = secondsToCatchUp(entries);
  const runSeconds = Math.max(schedule.seconds, ...entries.map(({ atMs }) => atMs / 1_000));
  const found: Violation[] = [
    ...violations('I1', lostOrStuck(intents, evidence)),
    ...violations('I2', postedTwice(evidence)),
    ...violations('I3', postedWrongly(intents, evidence)),
    ...violations('I4', unbalanced(evidence)),
    ...violations('I5', takenBack(intents, attempts, evidence)),
    ...violations('I6', outOfOrder(evidence)),
    ...violations(
      'I7',
      caughtUpSeconds <= catchUpLimitSeconds ? [] : [`after ${caughtUpSeconds} s something still moved`],
    ),
    ...violations('I8', beyondBounds(observed, runSeconds)),
    ...violations('I9', [...observed.unexpectedExits, ...observed.unseen]),
    ...violations('I10', changedAfterwards(evidence, observed.heads)),
    ...violations('I11', observed.leaks),
  ];
  const met = whatWasMet(schedule, entries, attempts, observed);
  const missed = whatWasMissed(schedule, met);
  return {
    verdict: found.length > 0 ? 'fail' : missed.length > 0 ? 'inconclusive' : 'pass',
    stages: stagesOf(intents, evidence),
    violations: found,
    missed,
    caughtUpSeconds,
    met,
    peaks: observed.peaks,
  };
}

function secondsToCatchUp(entries: readonly Entry[]): number {
  const at = (name: string) => entries.find((entry) => entry.type === 'phase' && entry.name === name)?.atMs;
  const [from, to] = [at('drain'), at('settled')];
  return from === undefined || to === undefined ? Infinity : Math.round((to - from) / 100) / 10;
}

function beyondBounds({ peaks, logLines }: Observed, seconds: number): string[] {
  return [
    ...(peaks.memoryMb > most.memoryMb ? [`a process took ${peaks.memoryMb} MB`] : []),
    ...(peaks.files > most.files ? [`a process had ${peaks.files} files and sockets open`] : []),
    ...(logLines / seconds > most.logLinesPerSecond
      ? [`${Math.round(logLines / seconds)} log lines a second`]
      : []),
  ];
}

function whatWasMet(
  { steps }: Schedule,
  entries: readonly Entry[],
  attempts: readonly Attempt[],
  observed: Observed,
): Verdict['met'] {
  const started = new Set(
    entries.flatMap((entry) => (entry.type === 'nemesis' && entry.phase === 'start' ? [entry.step] : [])),
  );
  // Asked for again, after an attempt whose outcome nobody knew: 208 says that it had landed, 201 that it had not.
  const again = attempts.filter(({ kind, outcome }) => kind === 'retry' && outcome?.type === 'ok');
  const answered = (status: number) => again.filter(({ outcome }) => outcome?.status === status).length;
  return {
    redelivered: observed.redelivered,
    lostConfirms: observed.lostConfirms,
    absorbed: observed.repeated,
    landed: answered(208),
    notLanded: answered(201),
    faults: steps.filter((_, number) => started.has(number)).length,
  };
}

function whatWasMissed({ pack, seconds, steps }: Schedule, met: Verdict['met']): string[] {
  const wanted = seconds < shortestSeconds ? [] : needs[pack];
  return [
    ...wanted.filter((need) => met[need] === 0).map((need) => meanings[need]),
    ...(met.faults < steps.length * leastShare
      ? [`only ${met.faults} of ${steps.length} faults took hold`]
      : []),
  ];
}

/** One that comes late, because what it is to hit is not whole again, may not come at all. */
const leastShare = 0.75;

const meanings: Record<keyof Verdict['met'], string> = {
  redelivered: 'RabbitMQ delivered no message again',
  lostConfirms: 'no relay published messages again because their confirms were lost',
  absorbed: 'no message came to a ledger twice',
  landed: 'no payment was made by a request without an answer',
  notLanded: 'no request without an answer was lost',
  faults: 'no fault took hold',
};

const seenAfterMs = 3_000;
/** From one look at a process to the next, and the time that a look may take. */
const graceMs = 3_000;

/** @returns faults that lasted long enough to be seen, each with a process that should have told and did not */
export function unseenFaults(
  { steps }: Schedule,
  entries: readonly Entry[],
  wasUnready: (process: string, fromMs: number, toMs: number) => boolean,
): string[] {
  const phases = entries.filter((entry) => entry.type === 'nemesis');
  return steps.flatMap((step, number) => {
    const at = (phase: string) =>
      phases.find((entry) => entry.step === number && entry.phase === phase)?.atMs;
    const [from, to] = [at('start'), at('end')];
    if (from === undefined || to === undefined || to - from < seenAfterMs) return [];
    const names = kindCalled(step.fault).unready?.(step.with) ?? [];
    return names
      .filter((name) => !wasUnready(name, from, to + graceMs))
      .map(
        (name) =>
          `${inWords(step)} lasted ${Math.round((to - from) / 100) / 10} s, and ${name} was ready all the time`,
      );
  });
}
