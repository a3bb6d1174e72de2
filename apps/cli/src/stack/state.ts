import { stateDirectory } from '@paid-once/infrastructure';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout } from '../checkout.js';
import { exitCodes } from '../exit-codes.js';
import { CliFailure } from '../failure.js';

export interface State {
  directory: string;
  /** Removes what earlier starts have left. */
  forget(): Promise<void>;
  /** Lets the next start in. */
  close(): Promise<void>;
}

/**
 * Where `start` keeps data and passwords of this checkout; one start at a time has it.
 * @throws CliFailure another start has it
 */
export async function openState(): Promise<State> {
  const directory = await stateDirectory(checkout);
  const lock = join(directory, lockName);
  await refuseSecond(directory);
  await writeFile(lock, String(process.pid));
  return {
    directory,
    async forget() {
      const forgotten = (await readdir(directory)).filter((name) => name !== lockName && !isProgram(name));
      for (const name of forgotten) await rm(join(directory, name), { recursive: true, force: true });
    },
    close: () => rm(lock, { force: true }),
  };
}

const lockName = 'start.pid';

/** Postgres' own files lie beside the data where the user it runs as cannot reach the checkout: no need to copy again. */
function isProgram(name: string): boolean {
  return name.startsWith('postgres-');
}

/** The process id of the start that has the state directory now. */
export async function runningStart(directory: string): Promise<number | undefined> {
  const pid = Number(await readFile(join(directory, lockName), 'utf8').catch(() => ''));
  return pid && (await isStart(pid)) ? pid : undefined;
}

async function refuseSecond(directory: string): Promise<void> {
  const pid = await runningStart(directory);
  if (pid === undefined) return;
  throw new CliFailure(
    exitCodes.unreachable,
    `paid-once runs already from this checkout (process ${pid}).`,
    'Nothing was started: two of them on the same data would harm it.',
    'Use that one (npx paid-once status), or stop it first.',
  );
}

/** Whether that process is one of ours: a lock whose holder was killed may name a number that somebody else has now. */
async function isStart(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined); // Linux only
  return commandLine?.includes('paid-once') ?? true;
}
