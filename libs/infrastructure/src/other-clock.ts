import { writeFile } from 'node:fs/promises';
import { ensureFaketime } from './install-faketime.js';

/**
 * What gives a process another wall clock, in its environment. Its timers stay as they are: they follow the monotonic
 * clock, which a machine's wall clock does not move either.
 * @param clock as libfaketime reads it: `-10y`, `+1d`, or `+0 x100` for one that is a hundred times too fast
 */
export async function clockEnvironment(clock: string): Promise<Record<string, string>> {
  return { ...(await faketime()), FAKETIME: clock };
}

/** The same, but the process reads its clock from a file, again and again: `setClock` makes it jump while it runs. */
export async function settableClockEnvironment(file: string): Promise<Record<string, string>> {
  await setClock(file, '+0');
  return { ...(await faketime()), FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' };
}

export async function setClock(file: string, clock: string): Promise<void> {
  await writeFile(file, `${clock}\n`);
}

async function faketime(): Promise<Record<string, string>> {
  const { library } = await ensureFaketime(() => {}, 'never');
  return { LD_PRELOAD: library, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' };
}
