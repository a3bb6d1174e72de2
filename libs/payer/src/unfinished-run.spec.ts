import { describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { JournalRefused } from './index.js';
import {
  everybodyIsPaidOnce,
  journals,
  journalText,
  killAfter,
  pay,
  rig,
  start,
  stopAfter,
  useRig,
} from './test/journal-rig.js';

useRig();

describe('the payer of an unfinished run', () => {
  it('that is alive is left alone: two payers at once are two runs', async () => {
    await start(3);
    const { run } = await killAfter(1, {});
    expect(await pay()).toMatchObject({ continued: undefined, summary: { accepted: 3 } });
    expect(rig.notices).toEqual([{ kind: 'still-paid', run, pid: process.pid }]);
    expect(await journals()).toEqual([`p.csv.${run}.journal`]);
  });
  it('is not taken for alive because its process id was given to another process', async () => {
    await start(3);
    const { run } = await killAfter(1, { pid: process.pid, processStart: 1 });
    expect((await pay()).continued?.run).toBe(run);
  });
  it('on another host may be alive: nobody is paid until the user says what he wants', async () => {
    await start(3);
    const { run } = await killAfter(1, { host: 'elsewhere' });
    await expect(pay()).rejects.toThrow(/another host \(elsewhere\)/);
    expect(rig.payments.requests).toHaveLength(1);
    expect((await pay({ run })).continued?.run).toBe(run);
  });
  it('on another host is known to be gone if it said so', async () => {
    await start(3);
    const run = await stopAfter(1);
    const path = join(rig.directory, `p.csv.${run}.journal`);
    await writeFile(path, (await journalText()).replace(hostname(), 'elsewhere'));
    expect((await pay()).continued?.run).toBe(run);
  });
  it('paid somewhere else: nobody is paid until the user says what he wants', async () => {
    await start(3);
    const run = await stopAfter(1);
    const url = rig.payments.url.replace('127.0.0.1', 'localhost');
    await expect(pay({ url })).rejects.toThrow(/paid to another address/);
    expect(rig.payments.requests).toHaveLength(1);
    expect((await pay({ url, run })).continued?.run).toBe(run);
  });
  it('is followed by one payer only, however many start at once', async () => {
    const allDecided = Promise.withResolvers<number>();
    await start(40, (_, seen) => (seen > 10 ? allDecided.promise : undefined));
    const { run } = await killAfter(10);
    let refused = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, async () => {
        try {
          return await pay();
        } catch (error) {
          if (++refused === 5) allDecided.resolve(208);
          throw error;
        }
      }),
    );
    const followers = results.filter((result) => result.status === 'fulfilled');
    expect(followers.map(({ value }) => value.run)).toEqual([run]);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(JournalRefused);
    await everybodyIsPaidOnce(40);
    expect(await journals()).toEqual([]);
  });
  it('is not harmed by others who are told to go on with it at the same time', async () => {
    await start(40);
    const { run } = await killAfter(10);
    const results = await Promise.all(Array.from({ length: 3 }, () => pay({ run })));
    for (const { summary } of results) expect(summary.accepted + summary.replayed).toBe(40);
    await everybodyIsPaidOnce(40);
    expect(await journals()).toEqual([]);
  });
});
