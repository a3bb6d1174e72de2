import { startPostgres, throwAwayDirectory, type PostgresServer } from '@paid-once/infrastructure';
import { settingsOrExit } from '@paid-once/service/basics';
import { alternativeSettings } from './settings.js';

/** A part that this measurement needs cannot be had here. That is no defect: the measurement is left out, with the reason. */
export class PartMissing extends Error {}

/** What one measurement is given. */
export interface Run {
  rows: number;
  install: 'auto' | 'never';
  /** A line of progress, on stderr. */
  say: (line: string) => void;
  /** Is done at the end, in reverse order, however the run ends. */
  afterwards: (step: () => Promise<unknown>) => void;
}

/**
 * Runs one measurement as a program: progress on stderr, one JSON object as the last line on stdout. Exits 0 when
 * measured, 4 with {"skipped": reason} when a part cannot be had, 1 on a defect. SIGTERM, Ctrl-C and the end of the
 * launcher's pipe stop it; what it started is gone then, also after kill -9 (servers hang on a lifeline).
 * @param load gives the measurement; imported late, so that a package that is not installed is a missing part
 */
export async function runAlternative(load: () => Promise<(run: Run) => Promise<object>>): Promise<void> {
  const settings = settingsOrExit(alternativeSettings);
  const steps: (() => Promise<unknown>)[] = [];
  const cleanUp = async () => {
    for (const step of steps.splice(0).toReversed()) await step().catch(() => {});
  };
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    void cleanUp().then(() => process.exit(143));
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  if (settings.PAID_ONCE_LIFELINE === 'stdin') process.stdin.on('end', stop).on('error', stop).resume();
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {}); // nobody reads any more

  let ending: { code: number; result?: object };
  try {
    const measure = await load();
    const result = await measure({
      rows: settings.PAID_ONCE_ROWS,
      install: settings.PAID_ONCE_INSTALL,
      say: (line) => process.stderr.write(`${line}\n`),
      afterwards: (step) => void steps.push(step),
    });
    ending = { code: 0, result };
  } catch (error) {
    const reason = reasonToSkip(error);
    if (reason === undefined && !stopping) console.error(error);
    ending = reason === undefined ? { code: 1 } : { code: 4, result: { skipped: reason } };
  }
  if (stopping) return; // what failed since then failed because its servers were taken away
  await cleanUp();
  const end = () => process.exit(ending.code);
  if (ending.result) process.stdout.write(`${JSON.stringify(ending.result)}\n`, end);
  else end();
}

function reasonToSkip(error: unknown): string | undefined {
  if (error instanceof PartMissing) return error.message;
  const notInstalled = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  return notInstalled ? error.message : undefined;
}

/** @throws PartMissing what `start` throws */
export async function part<Part>(start: () => Promise<Part>): Promise<Part> {
  try {
    return await start();
  } catch (error) {
    throw new PartMissing(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** A throw-away Postgres as it would run in earnest: with fsync. It counts the statements it is sent. */
export async function startDatabase(
  run: Run,
  name: string,
  settings: Record<string, string | number> = {},
): Promise<PostgresServer> {
  const postgres = await part(async () =>
    startPostgres({
      directory: await throwAwayPlace(run, name),
      durable: true,
      keep: false,
      settings: { shared_preload_libraries: 'pg_stat_statements', ...settings },
    }),
  );
  run.afterwards(() => postgres.stop({ quick: true }));
  await postgres.createDatabase(name);
  return postgres;
}

/** A directory that is gone afterwards. */
export async function throwAwayPlace(run: Run, name: string): Promise<string> {
  const place = await throwAwayDirectory(name);
  run.afterwards(() => place.remove());
  return place.path;
}
