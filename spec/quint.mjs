// Quint's own simulator, in this process. Its command line is the way to look at one run by hand; for two dozen simulations
// of one file it would read and type-check that file as often, 2 s each time, and tell no number but in its prose. The
// version is pinned: these files are not its public interface.
import quintCommands from '@informalsystems/quint/dist/src/cliCommands.js';
import quintHelpers from '@informalsystems/quint/dist/src/cliHelpers.js';
import quintItf from '@informalsystems/quint/dist/src/itf.js';
import quintRandom from '@informalsystems/quint/dist/src/rng.js';
import quintEvaluator from '@informalsystems/quint/dist/src/runtime/impl/evaluator.js';
import quintTrace from '@informalsystems/quint/dist/src/runtime/trace.js';

/**
 * Parses and type-checks a model.
 * @throws what is wrong with it, with its lines
 */
export async function loadModel(input) {
  const args = { input, verbosity: 0 };
  let stage = await quintCommands.load(args);
  for (const next of [quintCommands.parse, quintCommands.typecheck])
    if (stage.isRight()) stage = await next(stage.value);
  if (stage.isLeft()) throw new Error(complaintsOf(stage.value));
  return stage.value;
}

function complaintsOf({ msg, stage }) {
  const places = (stage.errors ?? []).map(({ explanation, locs }) =>
    [`${(locs[0]?.start.line ?? 0) + 1}: ${explanation}`].join(' '),
  );
  return [msg, ...places].join('\n  ');
}

/**
 * Runs an instance from `init` for up to `steps` random steps, again and again, until an invariant fails or there were
 * enough runs. The same seed gives the same runs. Seeds that are neighbours do not differ: the generator counts up from
 * the seed, so that of two small ones the second gives the runs of the first, a little later.
 * @returns `violated`: invariants that fail in the last state of the last run; `seedOfRun`: shows it again, alone
 */
export function simulate(
  model,
  { main, invariants, witnesses = [], runs, steps, seed, withActions = false },
) {
  const stage = { ...model, args: { ...model.args, main, init: 'init', step: 'step' } };
  const expression = (text, definition) =>
    quintHelpers
      .toExpr(stage, text, definition)
      .mapLeft(({ explanation }) => {
        throw new Error(`${main}: ${explanation ?? text}`);
      })
      .unwrap();
  const action = (name) => expression(name, { kind: 'action', flag: name });
  const random = quintRandom.newRng(seed);
  const recorder = quintTrace.newTraceRecorder(0, random, 1);
  const evaluator = new quintEvaluator.Evaluator(model.resolver.table, recorder, random, withActions);
  const startedAt = performance.now();
  const outcome = evaluator.simulate(
    action('init'),
    action('step'),
    expression(invariants.join(' and ')),
    witnesses.map((name) => expression(name)),
    runs,
    steps,
    1,
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  if (outcome.status === 'error')
    throw new Error(`${main}: ${outcome.errors[0]?.message ?? 'runtime error'}`);
  const isViolated = outcome.status === 'violation';
  const holds = (name) => evaluator.evaluate(expression(name)).unwrap().value === true;
  const [worst] = outcome.bestTraces;
  return {
    runs: outcome.samples,
    seconds,
    steps: outcome.traceStatistics.averageTraceLength - 1,
    violated: isViolated ? invariants.filter((name) => !holds(name)) : [],
    witnessed: Object.fromEntries(witnesses.map((name, index) => [name, outcome.witnessingTraces[index]])),
    seedOfRun: worst.seed,
    states: isViolated ? statesOf(evaluator.varNames(), worst.states) : [],
  };
}

/** As plain values, by the short names of the variables. */
function statesOf(names, states) {
  const { states: inItf } = quintItf.toItf(names, states).unwrap();
  return inItf.map((state) =>
    Object.fromEntries(
      Object.entries(state)
        .filter(([name]) => !name.startsWith('#'))
        .map(([name, value]) => [name.replace(/^(?!mbt).*::/, ''), plain(value)]),
    ),
  );
}

/** A value of the Informal Trace Format: sets and lists become arrays, maps become objects. */
export function plain(value) {
  if (typeof value !== 'object' || value === null) return value;
  if ('#bigint' in value) return Number(value['#bigint']);
  if ('#set' in value) return value['#set'].map(plain);
  if ('#tup' in value) return value['#tup'].map(plain);
  if ('#map' in value)
    return Object.fromEntries(value['#map'].map(([key, item]) => [String(plain(key)), plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value.tag === 'Some') return plain(value.value);
  if (value.tag === 'None') return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}
