import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { LedgerRig } from '../apps/ledger/src/test/ledger-rig.js';
import { OutboxDatabase } from '../libs/outbox/src/test/outbox-database.js';
import { ModelReplay } from './support/model-replay.js';
import { modelRuns, type ModelStep } from './support/model-runs.js';

// Forty runs in which everything happens that is counted: late commits, stale owners, dead letters and what follows them.
const seed = Number(process.env['MODEL_SEED'] ?? 2_659_946_957_217_396);
const runs = Number(process.env['MODEL_RUNS'] ?? 40);

describe('outbox and inbox', () => {
  let outbox: OutboxDatabase;
  let rig: LedgerRig;
  let ledger: DataSource;
  beforeAll(async () => {
    outbox = await OutboxDatabase.create(process.env['TEST_PAYMENTS_ADMIN_URL']);
    rig = await LedgerRig.create();
    ledger = await rig.open();
  }, 60_000);
  afterAll(async () => {
    await outbox.drop();
    await rig.drop();
  });

  it('do in every step what the model does: window, slice, progress, dead letters, inbox, transfers', async () => {
    const counts = new Map<string, number>();
    for (const [number, run] of (await modelRuns(seed, runs)).entries()) {
      const replay = await ModelReplay.begin(outbox, rig, ledger);
      try {
        await takeAll(replay, run, `seed ${seed}, run ${number}`);
      } finally {
        await replay.end();
      }
      for (const [what, count] of Object.entries({ steps: run.length, ...replay.counts }))
        counts.set(what, (counts.get(what) ?? 0) + count);
    }
    process.stdout.write(`seed ${seed}, ${runs} runs: ${JSON.stringify(Object.fromEntries(counts))}\n`);
    // A run need not have any of these, but if none had one, this would say little.
    if (process.env['MODEL_SEED'] === undefined)
      expect([...counts].filter(([, count]) => count === 0)).toEqual([]);
  }, 600_000);
});

async function takeAll(replay: ModelReplay, run: ModelStep[], name: string): Promise<void> {
  for (const [index, step] of run.entries()) {
    const where = `${name}, step ${index + 1}: ${step.action} ${JSON.stringify(step.picks)}`;
    await replay.take(step).catch((error: unknown) => {
      throw new Error(`${where}: ${String(error)}`, { cause: error });
    });
    expect({ where, ...(await replay.seen()) }).toEqual({ where, ...replay.expected(step.after) });
  }
}
