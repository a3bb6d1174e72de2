import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BadPaymentsFile, InvalidRunName, payFile, type PayOptions, type PayProgress } from './index.js';
import { startServer, type SeenRequest, type Step } from './test/scripted-server.js';

let directory: string;
let server: Awaited<ReturnType<typeof startServer>> | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'payer-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(directory, { recursive: true });
});

const quickRetry = { limitMs: 10_000, firstDelayMs: 1, maxDelayMs: 5 };

async function pay(
  rows: number | string,
  script: (request: SeenRequest, attempt: number) => Step,
  more: Partial<PayOptions> = {},
) {
  const file = join(directory, 'p.csv');
  const text = typeof rows === 'string' ? rows : `src,dest,amount\n${'bianca,marc,1\n'.repeat(rows)}`;
  await writeFile(file, text);
  server ??= await startServer(script);
  return payFile({ file, url: server.url, run: 'r', retry: quickRetry, ...more });
}
const requests = () => server?.requests ?? [];
const sentKeys = () => new Set(requests().map(({ key }) => key));
const byReference = () => Map.groupBy(requests(), ({ body }) => body.reference);

describe('payFile', () => {
  it('pays each row once, to /payments/, as JSON with a reference and a key of its own', async () => {
    const { summary, run, problems, interrupted } = await pay(20, () => 201);
    expect(summary).toEqual({
      rows: 20,
      attempts: 20,
      accepted: 20,
      replayed: 0,
      refused: 0,
      failed: 0,
      seconds: expect.any(Number),
      p50Ms: expect.any(Number),
      p95Ms: expect.any(Number),
      p99Ms: expect.any(Number),
      resets: 0,
      timeouts: 0,
    });
    expect(summary.p50Ms).toBeGreaterThan(0);
    expect(summary.p50Ms).toBeLessThanOrEqual(summary.p99Ms);
    expect({ run, problems, interrupted }).toEqual({ run: 'r', problems: [], interrupted: false });
    const expected = Array.from({ length: 20 }, (_, index) => `r/${index + 1}`);
    expect(sentKeys()).toEqual(new Set(expected));
    expect(requests()[0]).toMatchObject({
      path: '/payments/',
      headers: { 'content-type': 'application/json' },
      body: { src: 'bianca', dest: 'marc', amount: '1', reference: requests()[0]?.key },
    });
  });
  it('starts rows in the order of the file', async () => {
    await pay(50, () => 201, { concurrency: 1 });
    expect(requests().map(({ body }) => body.reference)).toEqual(
      Array.from({ length: 50 }, (_, index) => `r/${index + 1}`),
    );
  });
  it('has as many payments on the way as asked for, over kept connections', async () => {
    let under = 0;
    let most = 0;
    await pay(
      60,
      () => {
        most = Math.max(most, ++under);
        return new Promise((resolve) => setTimeout(() => resolve((under--, 201)), 2));
      },
      { concurrency: 4 },
    );
    expect(most).toBe(4);
    expect(server?.connections()).toBe(4);
  });
  it('keeps the reference and the currency of the file', async () => {
    await pay('src,dest,amount,currency,reference\nbianca,marc,1,JPY,rent\n', () => 201);
    expect(requests()).toMatchObject([{ key: 'r/1', body: { currency: 'JPY', reference: 'rent' } }]);
  });

  describe('repeats', () => {
    it.each<[string, Step]>([
      ['409', 409],
      ['429', 429],
      ['500', 500],
      ['503', 503],
      ['504', 504],
      ['a reset', 'reset'],
      ['half an answer', 'cut'],
    ])('after %s, with the same key and body', async (_, step) => {
      const { summary } = await pay(3, (_seen, attempt) => (attempt < 3 ? step : 208));
      expect(summary).toMatchObject({ rows: 3, attempts: 9, accepted: 0, replayed: 3, failed: 0 });
      for (const [reference, attempts] of byReference()) {
        expect(attempts).toHaveLength(3);
        expect(new Set(attempts.map(({ key, body }) => JSON.stringify([key, body]))).size).toBe(1);
        expect(attempts[0]?.key).toBe(reference);
      }
    });
    it('after an attempt that got no answer in time', async () => {
      const { summary } = await pay(2, (_, attempt) => (attempt === 1 ? 'silence' : 201), {
        attemptTimeoutMs: 500,
      });
      expect(summary).toMatchObject({ accepted: 2, attempts: 4 });
      expect(summary.p50Ms).toBeGreaterThanOrEqual(495);
    });
    it('not before the time that Retry-After asks for', async () => {
      await pay(1, (_, attempt) => (attempt === 1 ? { status: 503, headers: { 'retry-after': '1' } } : 201));
      const [first, second] = requests();
      expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(995);
    });
    it('while nobody listens', async () => {
      server = await startServer(() => 201);
      const { url } = server;
      await server.stop();
      server = undefined;
      const { summary, problems } = await pay(1, () => 201, {
        url,
        retry: { ...quickRetry, limitMs: 1_000 },
      });
      expect(summary).toMatchObject({ failed: 1, accepted: 0 });
      expect(summary.attempts).toBeGreaterThan(5);
      expect(problems).toMatchObject(
        [{ outcome: 'failed', line: 2, row: 1, status: undefined, detail: /ECONNREFUSED/ }].map(
          (problem) => ({ ...problem, detail: expect.stringMatching(problem.detail) }),
        ),
      );
    });
    it('until its time is up, and not once if Retry-After asks for more than is left', async () => {
      const longer = await pay(1, () => ({ status: 503, headers: { 'retry-after': '60' } }));
      expect(longer.summary).toMatchObject({ attempts: 1, failed: 1 });
      expect(longer.summary.seconds).toBeLessThan(1);
    });
    it.each([
      [0, 0],
      [0.5, 35],
      [0.999, 69.9],
    ])(
      'after pauses drawn from ranges that double up to the widest: with dice that say %d',
      async (dice, leastMs) => {
        await pay(1, (_, attempt) => (attempt < 5 ? 503 : 201), {
          retry: { limitMs: 10_000, firstDelayMs: 10, maxDelayMs: 20 },
          random: () => dice,
        });
        // Up to 10, 20, 20 and 20 ms. Timers may be a millisecond early; how late they are is the machine's affair.
        const at = requests().map(({ atMs }) => atMs);
        expect(at).toHaveLength(5);
        expect((at[4] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(leastMs - 4);
      },
    );
    it('nothing when told not to', async () => {
      const { summary } = await pay(3, () => 503, { retry: false, keys: 'none' });
      expect(summary).toMatchObject({ attempts: 3, failed: 3 });
      expect(requests().map(({ key }) => key)).toEqual([undefined, undefined, undefined]);
    });
  });

  describe('an attempt without an answer', () => {
    it.each<[string, Step, object]>([
      ['reset', 'reset', { resets: 2, timeouts: 0 }],
      ['cut in the middle of its answer', 'cut', { resets: 2, timeouts: 0 }],
      ['not answered in time', 'silence', { resets: 0, timeouts: 2 }],
      ['answered 503, which is an answer', 503, { resets: 0, timeouts: 0 }],
    ])('is counted when it was %s', async (_, step, counts) => {
      const { summary } = await pay(2, (_seen, attempt) => (attempt === 1 ? step : 201), {
        attemptTimeoutMs: 1_000,
      });
      expect(summary).toMatchObject({ accepted: 2, ...counts });
    });
    it('is counted as a reset when the connection was refused', async () => {
      const { summary } = await pay(3, () => 201, { url: 'http://127.0.0.1:9', retry: false });
      expect(summary).toMatchObject({ attempts: 3, failed: 3, resets: 3, timeouts: 0 });
    });
  });
  it('makes each attempt on a connection of its own if asked to', async () => {
    await pay(6, (_, attempt) => (attempt === 1 ? 503 : 201), { keepAlive: false, concurrency: 2 });
    expect(requests()).toHaveLength(12);
    expect(server?.connections()).toBe(12);
  });

  it('takes any other 4xx for a final no, and says where', async () => {
    const body = JSON.stringify({ type: '/problems/x', title: 'No', detail: 'not today' });
    const { summary, problems } = await pay(
      30,
      () => ({ status: 422, headers: { 'content-type': 'application/problem+json' }, body }),
      {
        concurrency: 1,
      },
    );
    expect(summary).toMatchObject({ rows: 30, attempts: 30, refused: 30, failed: 0 });
    expect(problems).toHaveLength(20);
    expect(problems[0]).toEqual({
      outcome: 'refused',
      line: 2,
      row: 1,
      status: 422,
      detail: 'No: not today',
    });
  });
  it('does not follow a redirect: whoever answers there is not who was asked', async () => {
    const { summary } = await pay(1, () => ({ status: 302, headers: { location: '/elsewhere' } }));
    expect(summary).toMatchObject({ attempts: 1, failed: 1 });
  });

  describe('keys', () => {
    it('V10: are the same for the same run, and others for a run without a name', async () => {
      await pay(2, () => 201, { concurrency: 1 });
      await pay(2, () => 208, { concurrency: 1 });
      await pay(2, () => 201, { concurrency: 1, run: undefined });
      await pay(2, () => 201, { concurrency: 1, run: undefined });
      const keys = requests().map(({ key }) => key);
      expect(keys.slice(0, 4)).toEqual(['r/1', 'r/2', 'r/1', 'r/2']);
      expect(new Set(keys).size).toBe(6);
    });
    it('can travel in another header', async () => {
      await pay(1, () => 201, { header: 'Payment-Idempotence-Key' });
      expect(requests()[0]?.headers).toMatchObject({ 'payment-idempotence-key': 'r/1' });
      expect(requests()[0]?.key).toBeUndefined();
    });
    it.each(['', 'a/b', 'a b', '"a"', 'x'.repeat(101)])('are not made of the run name %j', async (run) => {
      await expect(pay(1, () => 201, { run })).rejects.toThrow(InvalidRunName);
      expect(requests()).toEqual([]);
    });
  });

  describe('a file with a bad row', () => {
    const text = 'src,dest,amount\nbianca,marc,1\nbianca,marc,x\nbianca,marc,1\n';

    it('V8: pays nobody while somebody writes to the file: half of its last row may be there', async () => {
      const writing = { goesOn: true };
      const paying = pay(50_000, () => 201).finally(() => (writing.goesOn = false));
      const failure = expect(paying).rejects.toThrow(
        /p\.csv: somebody writes to this file.*\nNothing was paid\./,
      );
      while (writing.goesOn) await appendFile(join(directory, 'p.csv'), 'bianca,marc,1').catch(() => {});
      await failure;
      expect(requests()).toEqual([]);
    });
    it('V8: pays what was checked and no more when somebody writes to the file later, and says so', async () => {
      const onNotice = jest.fn();
      let hasGrown = false;
      const grow = async () => {
        if (!hasGrown) await appendFile(join(directory, 'p.csv'), '000\nrent,bianca,marc,2\n');
        hasGrown = true;
      };
      const line = `${'x'.repeat(140)},bianca,marc,3\n`; // more in all than is read at once
      const text = `reference,src,dest,amount\n${line.repeat(999)}rent,bianca,marc,1`;
      const { summary } = await pay(text, () => 201, { beforeRow: grow, onNotice });
      expect(summary).toMatchObject({ rows: 1_000, accepted: 1_000 });
      expect(requests().filter(({ body }) => body.amount !== '3')).toMatchObject([{ body: { amount: '1' } }]);
      expect(onNotice.mock.calls).toEqual([[{ kind: 'changed' }]]);
    });
    it('V9: pays nobody, and names the row', async () => {
      await expect(pay(text, () => 201)).rejects.toThrow(/p\.csv:3:13: "x" is no amount[^]*Nothing was paid/);
      expect(requests()).toEqual([]);
    });
    it('V9: pays the others if asked to', async () => {
      const { summary, problems } = await pay(text, () => 201, { badRows: 'skip' });
      expect(summary).toMatchObject({ rows: 3, attempts: 2, accepted: 2, refused: 1 });
      expect(problems).toMatchObject([{ outcome: 'refused', line: 3, row: 2, status: undefined }]);
      expect(sentKeys()).toEqual(new Set(['r/1', 'r/3']));
    });
    it('tells the first 20 and how many more', async () => {
      const bad = `src,dest,amount\n${'bianca,marc,x\n'.repeat(25)}`;
      const refusal = await pay(bad, () => 201).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(BadPaymentsFile);
      expect(refusal).toMatchObject({ badRows: 25, message: expect.stringContaining('… and 5 more') });
    });
  });

  it('reports progress after each row', async () => {
    const seen: PayProgress[] = [];
    await pay(5, (_, attempt) => (attempt === 1 ? 503 : 201), {
      onProgress: (progress) => seen.push(progress),
    });
    expect(seen.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5]);
    expect(seen.at(-1)).toEqual({
      done: 5,
      total: 5,
      accepted: 5,
      replayed: 0,
      refused: 0,
      failed: 0,
      attempts: 10,
    });
  });
  it('stops at the signal: what was under way counts as failed, the rest was never sent', async () => {
    const stop = new AbortController();
    const { summary, problems, interrupted } = await pay(
      100,
      ({ body }) => {
        if (body.reference !== 'r/3') return 201;
        stop.abort();
        return 'silence';
      },
      { signal: stop.signal, concurrency: 1 },
    );
    expect(interrupted).toBe(true);
    expect(summary).toMatchObject({ rows: 100, attempts: 3, accepted: 2, failed: 1 });
    expect(problems).toMatchObject([{ outcome: 'failed', row: 3, detail: 'stopped' }]);
  });
});
