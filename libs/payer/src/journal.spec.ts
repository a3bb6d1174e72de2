import { describe, expect, it } from '@jest/globals';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalRefused } from './index.js';
import {
  csv,
  everybodyIsPaidOnce,
  inReadOnlyDirectory,
  journals,
  journalText,
  pay,
  rig,
  start,
  stopAfter,
  useRig,
} from './test/journal-rig.js';

useRig();

describe('the journal', () => {
  it('is removed when every row has its outcome, a refusal too', async () => {
    await start(5, ({ body }) => (body.src === 'payer3' ? 422 : undefined));
    await pay();
    expect(await journals()).toEqual([]);
  });
  it('stays while rows have no answer, which are then paid under their old keys', async () => {
    const down = new Set(['payer2', 'payer4']);
    await start(5, ({ body }) => (body.src === 'payer5' ? 422 : down.has(body.src) ? 'reset' : undefined));
    const first = await pay({ retry: false });
    expect(first.summary).toMatchObject({ accepted: 2, failed: 2, refused: 1, resets: 2 });
    down.clear();
    const { summary, problems, continued } = await pay({ retry: false });
    expect(continued).toEqual({ run: first.run, done: 3 });
    expect(summary).toMatchObject({ accepted: 2, replayed: 2, refused: 1, failed: 0 });
    expect(problems).toMatchObject([{ outcome: 'refused', row: 5, line: 6, status: 422 }]);
    expect(rig.payments.requests.filter(({ body }) => body.src === 'payer5')).toHaveLength(1);
    expect(await journals()).toEqual([]);
  });
  it('is for keys only: without them nothing can go on', async () => {
    await start(2, () => 503);
    await pay({ keys: 'none', retry: false });
    expect(await journals()).toEqual([]);
  });
  it('is not kept unless it was asked for', async () => {
    await start(2, () => 503);
    await pay({ journal: undefined, retry: false });
    expect(await journals()).toEqual([]);
  });
  it('of a run goes on under its name, whatever else is unfinished', async () => {
    await start(4);
    const [older, newer] = [await stopAfter(1, { run: 'older' }), await stopAfter(2, { run: 'newer' })];
    expect((await pay({ run: older })).continued).toEqual({ run: 'older', done: 1 });
    expect(rig.notices).toEqual([{ kind: 'continued', run: 'older', done: 1, total: 4, asked: true }]);
    expect((await pay()).continued).toEqual({ run: newer, done: 2 });
  });
  it('of another file with a similar name is left alone', async () => {
    await start(3);
    await stopAfter(1, { run: 'b.c' });
    const other = join(rig.directory, 'p.csv.b');
    await writeFile(other, csv(3));
    expect((await pay({ file: other })).continued).toBeUndefined();
    await expect(pay({ file: other, run: 'c' })).rejects.toThrow(JournalRefused);
    expect(await journals()).toEqual(['p.csv.b.c.journal']);
  });
  it('of a file that was changed is refused by name, and passed over without one', async () => {
    await start(3);
    const run = await stopAfter(1);
    await writeFile(rig.file, csv(4));
    await expect(pay({ run })).rejects.toThrow(/is of another file.*before this file was changed/);
    expect(rig.payments.requests).toHaveLength(1);
    expect((await pay()).continued).toBeUndefined();
  });
  it('that cannot be written is told, with what that means, and everybody is paid', async () => {
    await start(3);
    const path = join(rig.directory, 'p.csv.r.journal');
    const { summary } = await inReadOnlyDirectory(() => pay({ run: 'r' }));
    expect(summary.accepted).toBe(3);
    expect(rig.notices).toEqual([{ kind: 'no-journal', run: 'r', reason: 'EACCES' }]);
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
  it('that cannot be written any more still says what is done', async () => {
    await start(3);
    const run = await stopAfter(1);
    await chmod(join(rig.directory, `p.csv.${run}.journal`), 0o444);
    const { continued } = await inReadOnlyDirectory(() => pay());
    expect(continued).toEqual({ run, done: 1 });
    expect(rig.notices.map(({ kind }) => kind)).toEqual(['no-journal', 'continued']);
    await everybodyIsPaidOnce(3);
  });
  it('is set aside for a fresh run, and is gone on with by its name only', async () => {
    await start(3);
    const run = await stopAfter(1);
    const fresh = await pay({ fresh: true });
    expect(fresh).toMatchObject({ continued: undefined, summary: { accepted: 3 } });
    expect(rig.notices).toEqual([{ kind: 'set-aside', run }]);
    expect((await pay()).continued).toBeUndefined();
    expect((await pay({ run })).continued).toEqual({ run, done: 1 });
    expect(await journals()).toEqual([]);
  });
  it('says what payments knows only as long as it does: after a reset everybody is paid', async () => {
    await start(6);
    const run = await stopAfter(3);
    rig.payments.accepted.clear();
    const { summary } = await pay();
    expect(summary).toMatchObject({ accepted: 6, replayed: 0, rows: 6 });
    expect(rig.notices.map(({ kind }) => kind)).toEqual(['continued', 'forgotten']);
    expect(rig.notices[1]).toEqual({ kind: 'forgotten', run });
    await everybodyIsPaidOnce(6);
  });
  it('knows of a reset also after one more kill', async () => {
    await start(6);
    const run = await stopAfter(4);
    rig.payments.accepted.clear();
    await stopAfter(2);
    expect(await journalText()).toContain('forgotten');
    expect((await pay()).continued).toEqual({ run, done: 2 });
    await everybodyIsPaidOnce(6);
  });
});
