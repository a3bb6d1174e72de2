import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fakeService, run, type FakeService } from '../test/run.js';

const paymentId = '019a0000-0000-7000-8000-000000000001';
const event = { paymentId, type: 'payment.accepted', messageId: 'm' };
const at = '2026-11-22T09:30:00.000Z';
const olderThan = '019aab00-0000-7000-8000-000000000000';
const digest = {
  bucket: '019a0000',
  count: 1,
  payments: 1,
  reversals: 0,
  totals: { EUR: '1250' },
  hash: 'abc',
};
const markers = {
  '/outbox/markers': { set: 'the-set', shards: 1 },
  '/outbox/markers/the-set': { markers: [{ messageId: 'mark', publishedAt: at }] },
};

let directory: string;
const started: FakeService[] = [];
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'paid-once-compare-'))));
afterEach(async () => {
  await Promise.all(started.splice(0).map((service) => service.stop()));
  await rm(directory, { recursive: true });
});

/** Payments accepted one payment; the ledger has it not. */
async function differing(station: object, atPayments: object = {}, atLedger: object = {}) {
  const fakes = [
    await fakeService({
      '/digests': digest,
      '/digests/bound': { olderThan, at },
      '/export': { ...event, src: '=cmd', dest: 'marc', amountMinor: '1250', currency: 'EUR' },
      '/stations': [{ ...event, since: at, ...station }],
      ...atPayments,
    }),
    await fakeService({ '/digests': 200, '/export': 200, '/stations': [], ...atLedger }),
  ] as const;
  started.push(...fakes);
  const [payments, ledger] = fakes;
  return {
    payments,
    ledger,
    env: { PAID_ONCE_PAYMENTS_URL: payments.url, PAID_ONCE_LEDGER_URL: ledger.url },
  };
}

describe('compare --report', () => {
  it('writes every break, and nothing but the whole file', async () => {
    const { env } = await differing({ station: 'outbox' });
    const file = join(directory, 'breaks.csv');
    const { exitCode, stdout } = await run(`compare --report ${file}`, env);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`1 break written to ${file}.`);
    expect(await readFile(file, 'utf8')).toMatch(
      new RegExp(`^inOutbox,${paymentId},payment.accepted,m,'=cmd,marc,12.50,EUR,${at},`, 'm'),
    );
    expect(await readdir(directory)).toEqual(['breaks.csv']);
  });

  it('--wait writes the breaks of the last comparison only', async () => {
    const { payments, env } = await differing({ station: 'outbox' });
    const file = join(directory, 'breaks.ndjson');
    const { stdout } = await run(`compare --wait --timeout 0.5 --report ${file}`, env);
    expect(payments.requests.filter(({ line }) => line.startsWith('GET /stations')).length).toBeGreaterThan(
      1,
    );
    expect(stdout).toContain(`1 break written to ${file}.`);
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
  });

  it('leaves no file when a side cannot be reached', async () => {
    const file = join(directory, 'breaks.json');
    expect((await run(`compare --report ${file}`)).exitCode).toBe(3);
    expect(await readdir(directory)).toEqual([]);
  });

  it('tells what the comparison found, also when the report cannot be finished: exit 3', async () => {
    const { env } = await differing({ station: 'outbox' });
    const file = join(directory, 'breaks.csv');
    await mkdir(file); // so it cannot take its name
    const { exitCode, stdout, stderr } = await run(`compare --report ${file}`, env);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('The ledgers differ by EUR 12.50, all of it on its way');
    expect(stdout).not.toContain('written to');
    expect(stderr).toContain(`The report ${file} cannot be written`);
    expect(await readdir(directory)).toEqual(['breaks.csv']);
  });

  it('exits 2 for a file whose name does not say how it is written', async () => {
    expect((await run('compare --report breaks.txt')).exitCode).toBe(2);
  });
});

describe('compare --older-than', () => {
  it('asks payments for the bound, gives it to both, and says so', async () => {
    const { payments, ledger, env } = await differing({ station: 'outbox' });
    const { stdout } = await run('compare --older-than 30', env);
    expect(stdout).toContain(`What was accepted before ${at}`);
    expect(payments.requests[0]?.line).toBe('GET /digests/bound?seconds=30');
    for (const { requests } of [payments, ledger]) {
      const bounded = requests.filter(({ line }) => /\/(digests\?|export)/.test(line));
      expect(bounded.length).toBeGreaterThan(1);
      for (const { line } of bounded) expect(line).toContain(`olderThan=${olderThan}`);
    }
  });
});

describe('compare --wait', () => {
  it('names what is missing once a marker has come through, and what publishes it again', async () => {
    const { env } = await differing({ station: 'published', beforeMarker: true }, markers, {
      '/inbox/markers': { arrived: ['mark'], deadLettersInBroker: 0 },
    });
    const { exitCode, stdout } = await run('compare --wait --timeout 3', env);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('1 payment (EUR 12.50) is missing: nothing is on its way that would post it');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('→ npx paid-once compare --repair');
  });

  it('does not wait for a marker longer than for the ledgers, and calls nothing missing without it', async () => {
    const { env } = await differing({ station: 'published' }, markers, {
      '/inbox/markers': { arrived: [], deadLettersInBroker: 0 },
    });
    const { exitCode, stdout } = await run('compare --wait --timeout 1', env);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('1 payment (EUR 12.50) is published and not yet posted');
  });

  it('sends no marker in chapters whose ledger knows none', async () => {
    const { payments, env } = await differing(
      { station: 'published' },
      { ...markers, '/lab/chapter': { chapter: 2, since: at } },
    );
    await run('compare --wait --timeout 0.5', env);
    expect(payments.requests.some(({ line }) => line.includes('markers'))).toBe(false);
  });
});

describe('what a person must look at', () => {
  it('is not waited for: the list of it, and the page that tells what to do', async () => {
    const transfer = { ...event, src: 'bianca', dest: 'marc', amountMinor: '1300', currency: 'EUR' };
    const { env } = await differing(
      { station: 'published' },
      {},
      {
        '/digests': { ...digest, hash: 'other' },
        '/export': transfer,
        '/stations': [{ ...event, station: 'posted', since: at }],
      },
    );
    for (const flags of ['', ' --wait --timeout 0.2']) {
      const { stdout } = await run(`compare${flags}`, env);
      expect(stdout).toContain('docs/runbook/ledgers-differ.md');
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('→ npx paid-once compare --report breaks.csv');
    }
  });
});

describe('compare --repair', () => {
  it.each(['parked', 'dead-lettered'])(
    'does not undo a drop: what is %s and was given up is neither tried again nor published, and that is said',
    async (station) => {
      const given = {
        ...event,
        station,
        reason: 'invalid',
        since: at,
        droppedBy: 'ann',
        droppedWhy: 'by hand',
      };
      const { payments, ledger, env } = await differing(
        station === 'parked' ? { station: 'published', beforeMarker: true } : given,
        markers,
        {
          '/inbox/markers': { arrived: ['mark'], deadLettersInBroker: 0 },
          ...(station === 'parked' && { '/stations': [given] }),
        },
      );
      const file = join(directory, 'breaks.ndjson');
      const { exitCode, stdout } = await run(`compare --repair --timeout 1 --report ${file}`, env);
      expect(exitCode).toBe(1);
      const posted = [...payments.requests, ...ledger.requests].filter(({ line }) => line.startsWith('POST'));
      expect(new Set(posted.map(({ line }) => line))).toEqual(new Set(['POST /outbox/markers']));
      expect(stdout).toContain('1 event (EUR 12.50) was given up on purpose: a repair does not undo that.');
      expect(stdout).toContain('nothing is lost, but 1 event (EUR 12.50) was given up on purpose.');
      expect(stdout).not.toContain('until a person decides');
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('→ npx paid-once dead list --dropped');
      expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
        detail: 'invalid, dropped by ann: by hand',
      });
    },
  );

  it('asks for a replay of what is missing, with who and why, and says so in words and money', async () => {
    const replays = { '/outbox/replays': { interventions: ['1'], messages: 1, notInHistory: [] } };
    const { payments, env } = await differing(
      { station: 'published', beforeMarker: true },
      { ...markers, ...replays },
      { '/inbox/markers': { arrived: ['mark'], deadLettersInBroker: 0 } },
    );
    const { exitCode, stdout } = await run('compare --repair --by anna --timeout 1 --json', env);
    expect(exitCode).toBe(1); // the fakes stay as they are
    const asked = payments.requests.filter(({ line }) => line === 'POST /outbox/replays');
    expect(asked.map(({ body }) => JSON.parse(body) as object)).toEqual([
      { by: 'anna', why: 'compare --repair', payments: [paymentId] },
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      agree: false,
      repair: { markerArrived: true, replayed: { count: 1, totals: { EUR: '12.50' } } },
    });
  }, 30_000);

  it('has the ledger try again what it parked, then publishes again what had arrived broken', async () => {
    const { payments, ledger, env } = await differing(
      { station: 'published' },
      {
        ...markers,
        '/outbox/replays': { interventions: ['1'], messages: 1, notInHistory: [] },
      },
      {
        '/inbox/markers': { arrived: ['mark'], deadLettersInBroker: 0 },
        '/stations': [{ ...event, station: 'parked', reason: 'unreadable', since: at }],
        '/parked/redrive': {
          redriven: { posted: 0, repeated: 0, parkedAgain: { unreadable: 1 } },
          remaining: 0,
        },
      },
    );
    const { stdout } = await run('compare --repair --timeout 1', env);
    expect(ledger.requests.filter(({ line }) => line === 'POST /parked/redrive')).toHaveLength(1);
    expect(payments.requests.filter(({ line }) => line === 'POST /outbox/replays')).toHaveLength(1);
    expect(stdout).toContain(
      '1 event (EUR 12.50) was parked: the ledger tried again, 0 posted, 1 refused again (unreadable).',
    );
    expect(stdout).toContain(
      '1 event (EUR 12.50) of them had arrived broken: published again from the outbox’s history.',
    );
  }, 30_000);
});
