import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../src/measuring.js';
import { BuiltAlternative } from './run-built.js';

jest.setTimeout(120_000);

let running: BuiltAlternative | undefined;
// What a failed test has left running.
afterEach(() => {
  running?.process.kill('SIGKILL');
});

/** Starts a measurement and waits until its servers are up and it is measuring. */
async function startMeasuring(): Promise<BuiltAlternative> {
  const started = BuiltAlternative.start('two-phase-commit', { PAID_ONCE_ROWS: '10000' });
  running = started;
  const bothRun = async () => (await started.databases()).size > 1;
  await until('its servers run', bothRun, 60_000);
  return started;
}

async function untilNothingIsLeft(running: BuiltAlternative): Promise<void> {
  await until('its servers are gone', async () => (await running.servers()).length === 0, 10_000);
  await until('its directories are gone', async () => (await running.leftovers()).length === 0, 10_000);
}

describe('a measurement', () => {
  it('leaves no server and no directory behind when it is asked to stop', async () => {
    const running = await startMeasuring();
    running.process.kill('SIGTERM');
    expect((await running.end()).code).toBe(143);
    await untilNothingIsLeft(running);
  });

  it('leaves none either when its launcher is gone', async () => {
    const running = await startMeasuring();
    running.process.stdin?.destroy(); // as the kernel does when the launcher is killed with -9
    expect((await running.end()).code).toBe(143);
    await untilNothingIsLeft(running);
  });

  it('leaves none either when it is killed with -9 itself', async () => {
    const running = await startMeasuring();
    running.process.kill('SIGKILL');
    await untilNothingIsLeft(running);
  });

  it('leaves none either when it is killed while it makes both databases', async () => {
    const running = BuiltAlternative.start('two-phase-commit');
    await until('both are being made', async () => (await running.unfinished()).length > 1, 60_000);
    running.process.kill('SIGKILL');
    await untilNothingIsLeft(running);
  });

  it('is skipped with the reason, exit 4, when a part cannot be had', async () => {
    const running = BuiltAlternative.startMeasurement(
      `return () => { throw new PartMissing('no Redis here') }`,
    );
    expect(await running.end()).toMatchObject({ code: 4, result: { skipped: 'no Redis here' } });
  });

  it('is skipped when one of its packages is not installed', async () => {
    const running = BuiltAlternative.startMeasurement(`return (await import('no-such-package')).measure`);
    const skipped = expect.stringContaining('no-such-package');
    expect(await running.end()).toMatchObject({ code: 4, result: { skipped } });
  });

  it('fails with 1 and no result on a defect', async () => {
    const running = BuiltAlternative.startMeasurement(`return () => { throw new Error('Bug: of ours') }`);
    const said = expect.stringContaining('Bug: of ours');
    expect(await running.end()).toEqual({ code: 1, result: null, said });
  });
});
