import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../evidence.js';
import type { Completed, Entry, Invoked } from '../history.js';
import type { Schedule } from '../schedule.js';
import { check, unseenFaults, type Observed } from './check.js';
import type { Invariant } from './invariants.js';

const schedule: Schedule = {
  seed: 1,
  seconds: 20,
  pack: 'net',
  steps: [{ atMs: 1_000, lastsMs: 5_000, fault: 'link', with: { link: 'relay-rabbitmq', kind: 'cut' } }],
};
const body = JSON.stringify({ src: 'a', dest: 'b', amount: '1.00', currency: 'EUR', reference: null });

/** A payment and its reversal, both answered, both posted. */
function goodRun(): { entries: Entry[]; evidence: Evidence; observed: Observed } {
  const event = { src: 'a', dest: 'b', amount_minor: '100', currency: 'EUR', payment_id: 'p1' };
  return {
    entries: [
      { type: 'phase', name: 'start', atMs: 0 },
      ...attempt(0, 'pay', { key: 'k1', body }, { type: 'ok', status: 201, answer: { id: 'p1' } }),
      ...attempt(1, 'reverse', { key: 'k2' }, { type: 'ok', status: 201, answer: { id: 'p1' } }, 'p1'),
      { type: 'nemesis', step: 0, phase: 'start', atMs: 1_000 },
      { type: 'nemesis', step: 0, phase: 'end', atMs: 6_000 },
      { type: 'phase', name: 'drain', atMs: 20_000 },
      { type: 'phase', name: 'settled', atMs: 25_000 },
    ],
    evidence: {
      events: [
        { ...event, type: 'payment.accepted', message_id: 'm1', idempotency_key: 'k1' },
        { ...event, type: 'payment.reversed', message_id: 'm2', idempotency_key: 'k2' },
      ],
      outbox: [
        { id: '1', message_id: 'm1', type: 'payment.accepted', key: 'p1' },
        { id: '2', message_id: 'm2', type: 'payment.reversed', key: 'p1' },
      ],
      markers: [],
      deadLetters: [],
      inbox: [{ message_id: 'm1' }, { message_id: 'm2' }],
      parked: [],
      transfers: [
        { ...transfer, id: '1', kind: 'payment', debit_account: 'a', credit_account: 'b', message_id: 'm1' },
        { ...transfer, id: '2', kind: 'reversal', debit_account: 'b', credit_account: 'a', message_id: 'm2' },
      ],
      accounts: [
        { name: 'a', currency: 'EUR', debits_posted: '100', credits_posted: '100' },
        { name: 'b', currency: 'EUR', debits_posted: '100', credits_posted: '100' },
      ],
      links: [{ shard: 0, seq: '1', hash: 'h1' }],
      chain: { transfers: 2, faults: [] },
    },
    observed: {
      lostConfirms: 1,
      repeated: 1,
      redelivered: 1,
      heads: [{ shard: 0, seq: '1', hash: 'h1' }],
      peaks: { memoryMb: 200, files: 80 },
      unexpectedExits: [],
      leaks: [],
      logLines: 100,
      unseen: [],
    },
  };
}
const transfer = { payment_id: 'p1', amount_minor: '100', currency: 'EUR' };

function attempt(
  n: number,
  kind: Invoked['kind'],
  asked: { key?: string; body?: string },
  outcome?: Partial<Completed> & Pick<Completed, 'type'>,
  paymentId?: string,
): Entry[] {
  const request = { method: 'POST' as const, path: '/payments', ...asked };
  return [
    {
      type: 'invoke',
      n,
      op: n,
      kind,
      request,
      to: 'payments',
      ...(paymentId !== undefined && { paymentId }),
      atMs: n,
    },
    ...(outcome ? [{ n, atMs: n, ...outcome }] : []),
  ];
}

type Run = ReturnType<typeof goodRun>;
const judged = (spoil: (run: Run) => void = () => {}, plan = schedule) => {
  const run = goodRun();
  spoil(run);
  return check(plan, run.entries, run.evidence, run.observed);
};

const faults: [Invariant, string, (run: Run) => void][] = [
  ['I1', 'a transfer that is not there', ({ evidence }) => void evidence.transfers.pop()],
  ['I1', 'a payment that was answered and is not there', ({ evidence }) => void evidence.events.splice(0, 1)],
  [
    'I1',
    'a message that is parked',
    ({ evidence }) => void evidence.parked.push({ message_id: 'm9', reason: 'invalid', detail: 'x' }),
  ],
  [
    'I1',
    'a dead letter',
    ({ evidence }) => void evidence.deadLetters.push({ message_id: 'm9', reason: 'too-big' }),
  ],
  [
    'I1',
    'an outcome that nobody learned',
    ({ entries }) =>
      void entries.push(...attempt(9, 'pay', { key: 'k9', body }, { type: 'info', why: 'ECONNRESET' })),
  ],
  [
    'I2',
    'a payment that is posted twice',
    ({ evidence }) => void evidence.transfers.push({ ...evidence.transfers[0]!, id: '3' }),
  ],
  [
    'I3',
    'a transfer of nothing',
    ({ evidence }) =>
      void evidence.transfers.push({
        ...evidence.transfers[0]!,
        id: '3',
        payment_id: 'p9',
        message_id: 'm9',
      }),
  ],
  ['I3', 'another amount', ({ evidence }) => void (evidence.transfers[0]!.amount_minor = '101')],
  [
    'I3',
    'the accounts the wrong way round',
    ({ evidence }) => void Object.assign(evidence.transfers[0]!, { debit_account: 'b', credit_account: 'a' }),
  ],
  ['I3', 'a payment that nobody asked for', ({ entries }) => void entries.splice(1, 2)],
  [
    'I3',
    'a payment of another amount than asked for',
    ({ evidence }) => [...evidence.events, ...evidence.transfers].forEach((row) => (row.amount_minor = '99')),
  ],
  [
    'I4',
    'an account that does not add up',
    ({ evidence }) => void (evidence.accounts[0]!.debits_posted = '99'),
  ],
  ['I4', 'an account that is not there', ({ evidence }) => void evidence.accounts.pop()],
  [
    'I5',
    'a key with two payments',
    ({ entries }) =>
      void entries.push(
        ...attempt(9, 'retry', { key: 'k1', body }, { type: 'ok', status: 201, answer: { id: 'p2' } }),
      ),
  ],
  [
    'I5',
    'a payment that is refused although it may be paid',
    ({ entries }) =>
      void entries.push(...attempt(9, 'retry', { key: 'k1', body }, { type: 'fail', status: 422, why: 'x' })),
  ],
  [
    'I5',
    'another body under a key that was used',
    ({ entries }) =>
      void entries.push(
        ...attempt(
          9,
          'other body',
          { key: 'k1', body: '{}' },
          { type: 'ok', status: 201, answer: { id: 'p1' } },
        ),
      ),
  ],
  [
    'I5',
    'illegal input that is taken',
    ({ entries }) =>
      void entries.push(
        ...attempt(
          9,
          'illegal',
          { key: 'k9', body: '{}' },
          { type: 'ok', status: 201, answer: { id: 'p1' } },
        ),
      ),
  ],
  [
    'I5',
    'a payment that is not found any more',
    ({ entries }) => void entries.push(...attempt(9, 'read', {}, { type: 'fail', status: 404 }, 'p1')),
  ],
  ['I6', 'a reversal that was posted first', ({ evidence }) => void (evidence.transfers[0]!.id = '3')],
  ['I6', 'a reversal that was sent first', ({ evidence }) => void (evidence.outbox[0]!.id = '3')],
  ['I7', 'a minute and more until all was posted', ({ entries }) => void (entries.at(-1)!.atMs = 81_000)],
  ['I7', 'a run that never came to rest', ({ entries }) => void entries.pop()],
  ['I8', 'a process that grows', ({ observed }) => void (observed.peaks.memoryMb = 900)],
  ['I8', 'sockets that are not closed', ({ observed }) => void (observed.peaks.files = 900)],
  ['I8', 'a log that is flooded', ({ observed }) => void (observed.logLines = 1_000_000)],
  [
    'I9',
    'a process that ends by itself',
    ({ observed }) => void Object.assign(observed, { unexpectedExits: ['ledger'] }),
  ],
  ['I9', 'a fault that nobody saw', ({ observed }) => void Object.assign(observed, { unseen: ['link'] })],
  [
    'I10',
    'a chain that does not verify',
    ({ evidence }) => void evidence.chain.faults.push({ shard: 0, link: '1', fault: 'x' }),
  ],
  ['I10', 'a link that was another one before', ({ evidence }) => void (evidence.links[0]!.hash = 'h2')],
  ['I11', 'a password in a log', ({ observed }) => void Object.assign(observed, { leaks: ['a secret'] })],
];

describe('the checker', () => {
  it('passes a run in which all is well, with the six numbers of each stage', () => {
    const { verdict, violations, missed, stages } = judged();
    expect({ verdict, violations, missed }).toEqual({ verdict: 'pass', violations: [], missed: [] });
    const whole = { attempted: 2, acknowledged: 2, lost: 0, unexpected: 0, duplicated: 0, recovered: 0 };
    expect(Object.values(stages)).toEqual(Array.from({ length: 5 }, () => whole));
  });

  it.each(faults)('%s: finds %s', (invariant, _, spoil) => {
    const { verdict, violations } = judged(spoil);
    expect(verdict).toBe('fail');
    expect(violations.map((violation) => violation.invariant)).toContain(invariant);
  });

  it('counts as recovered what had been paid by a request without an answer', () => {
    const { verdict, stages } = judged(({ entries }) => {
      entries.splice(1, 2, ...attempt(0, 'pay', { key: 'k1', body }, { type: 'info', why: 'ECONNRESET' }));
      entries.push(
        ...attempt(9, 'retry', { key: 'k1', body }, { type: 'ok', status: 208, answer: { id: 'p1' } }),
      );
    });
    expect(verdict).toBe('pass');
    expect(stages['client → ledger']).toMatchObject({ attempted: 2, acknowledged: 1, lost: 0, recovered: 1 });
  });

  it('calls a run inconclusive that was not hard enough, and never one that went wrong', () => {
    const long = { ...schedule, seconds: 60 };
    const easy = judged(({ observed }) => void (observed.lostConfirms = 0), long);
    expect([easy.verdict, easy.missed.length]).toEqual(['inconclusive', 3]); // nor was a request left without an answer
    expect(judged(({ entries }) => void entries.splice(5, 2)).verdict).toBe('inconclusive'); // the fault never took hold
    expect(judged(({ evidence }) => void evidence.transfers.pop(), long).verdict).toBe('fail');
  });

  it('misses a fault that lasted and that a process did not tell', () => {
    const { entries } = goodRun();
    expect(unseenFaults(schedule, entries, () => true)).toEqual([]);
    expect(unseenFaults(schedule, entries, (name) => name === 'relay')).toEqual([
      'link (relay-rabbitmq cut) lasted 5 s, and relay-2 was ready all the time',
    ]);
  });
});
