import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { payFile, type PaySummary } from '@paid-once/payer';
import { Side } from '@paid-once/compare';
import { compareUntilAgreed } from '../apps/cli/src/compare-until-agreed.js';
import { LaunchedSystem } from '../apps/cli/src/test/launched-system.js';
import { agreement, eventually } from './support/test-stack.js';

jest.setTimeout(240_000);

const rows = 3_000;
let system: LaunchedSystem;
let folder: string;

beforeAll(async () => {
  [system, folder] = await Promise.all([
    LaunchedSystem.start({ PAID_ONCE_REPAIR_EVERY_SECONDS: '1' }),
    mkdtemp(join(tmpdir(), 'paid-once-killed-')),
  ]);
});
afterAll(async () => {
  await system?.remove();
  await rm(folder, { recursive: true, force: true });
});

// Three times, because each time other things are under way.
it.each([1, 2, 3])(
  'kill -9 of everything at once, in the middle of payments (time %i): after the next start both ledgers agree by themselves, what was answered 2xx is paid, nothing twice',
  async (time) => {
    const side = new Side('payments', system.urls.payments);
    const before = (await side.stats()).count;
    const paying = pay(`run-${time}`);
    await eventually(async () => (await side.stats()).count > before + rows / 4, 'payments flow');
    await system.killEverything();
    await system.startAgain();

    const summary = await paying;
    expect(summary).toMatchObject({ rows, refused: 0, failed: 0 });
    expect(summary.attempts).toBeGreaterThan(rows); // some were on their way
    const comparison = await compareUntilAgreed({ ...system.urls, timeoutMs: 60_000 });
    expect(comparison).toMatchObject(agreement(time * rows));
  },
);

/** What was answered 2xx is not sent again: had it been lost, it would be missing in both ledgers. */
async function pay(run: string): Promise<PaySummary> {
  const file = join(folder, `${run}.csv`);
  await writeFile(file, `src,dest,amount\n${'bianca,marc,1\n'.repeat(rows)}`);
  const { summary } = await payFile({
    file,
    run,
    url: system.urls.link,
    attemptTimeoutMs: 5_000,
    retry: { limitMs: 120_000, firstDelayMs: 20, maxDelayMs: 500 },
  });
  return summary;
}
