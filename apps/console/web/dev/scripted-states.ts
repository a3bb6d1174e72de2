import type {
  AboutView,
  ChapterNow,
  CompareView,
  DeadView,
  Happened,
  LedgerRow,
  LinkView,
  MeasuredRun,
  MeasuredView,
  PaymentLife,
  Point,
  ProcessView,
  RunView,
  Snapshot,
} from '../../src/api.js';

/** What the page must be able to show. Each is a function of the seconds since the page was opened, and of nothing else. */
export const stateNames = [
  'empty',
  'healthy',
  'cut',
  'mass',
  'differ',
  'waiting',
  'read-only',
  'with-key',
  'no-links',
  'chapter-1',
  'silent',
] as const;
export type StateName = (typeof stateNames)[number];

export interface Scripted {
  snapshot: Snapshot;
  point: Point;
  happened: Happened[];
  compare: CompareView;
  dead: DeadView;
  runs: MeasuredRun[];
}

/** The moment at which every script begins: screenshots of two days must be the same. */
const beginning = Date.parse('2026-11-29T12:04:31.220Z');

export function scripted(asked: StateName, seconds: number): Scripted {
  // The cut one, whose stream then falls silent.
  const state = asked === 'silent' ? 'cut' : asked;
  const figures = figuresOf(state, seconds);
  const at = iso(seconds);
  return {
    snapshot: snapshotOf(state, figures, at),
    point: pointOf(state, seconds),
    happened: happenedIn(state),
    compare: compareOf(state, figures),
    dead: deadIn(state),
    runs: runsIn(state, figures),
  };
}

interface Figures {
  accepted: number;
  pending: number;
  queued: number;
  posted: number;
  absorbed: number;
  perSecond: number;
  postedPerSecond: number;
  cutSeconds: number;
}

function figuresOf(state: StateName, seconds: number): Figures {
  const still = { pending: 0, queued: 0, absorbed: 0, perSecond: 0, postedPerSecond: 0, cutSeconds: 0 };
  const whole = Math.floor(Math.max(0, seconds) * 4);
  switch (state) {
    case 'empty':
      return { ...still, accepted: 0, posted: 0 };
    case 'silent':
    case 'cut': {
      const pending = 243 + Math.floor(whole * 1.5);
      return {
        ...still,
        accepted: 1_000 + pending,
        pending,
        posted: 1_000,
        absorbed: 534,
        perSecond: 6,
        cutSeconds: 42 + seconds,
      };
    }
    case 'mass': {
      const accepted = 742 + whole * 5;
      return {
        ...still,
        accepted,
        pending: 12,
        queued: 7,
        posted: accepted - 19,
        absorbed: 31,
        perSecond: 21,
        postedPerSecond: 20,
      };
    }
    case 'differ':
      return { ...still, accepted: 1_050, pending: 4, posted: 1_043, absorbed: 12 };
    case 'waiting':
      return { ...still, accepted: 1_012, pending: 12, posted: 1_000, perSecond: 2 };
    case 'chapter-1':
      return { ...still, accepted: 699, posted: 534 };
    case 'healthy':
    case 'with-key':
    case 'read-only':
    case 'no-links': {
      const accepted = 12_480 + whole;
      return { ...still, accepted, posted: accepted, absorbed: 534, perSecond: 4, postedPerSecond: 4 };
    }
  }
}

function euros(payments: number): { EUR: string } {
  return { EUR: (payments * 1.2).toFixed(2) };
}

function snapshotOf(state: StateName, figures: Figures, at: string): Snapshot {
  const { accepted, pending, queued, posted, absorbed, perSecond, postedPerSecond, cutSeconds } = figures;
  const up = { health: 'up', says: null } as const;
  const noPostgres = {
    health: 'down',
    says: 'waiting for Postgres at ledger-db:5434: connection refused, 3rd try',
  } as const;
  const waits = state === 'waiting';
  const lab = state !== 'read-only' && state !== 'with-key';
  return {
    at,
    verdict: verdictOf(state, figures),
    mode: {
      lab,
      control: state === 'read-only' ? 'none' : lab ? 'all' : 'key',
      whyNot:
        state === 'read-only'
          ? 'PAID_ONCE_CONSOLE_READ_ONLY is set'
          : lab
            ? null
            : 'the system is not in lab mode: it takes an API key with `operate`',
      chapter: !lab ? null : state === 'chapter-1' ? naive : exactlyOnce,
    },
    stations: {
      client: { perSecond: state === 'mass' ? 24 : perSecond },
      payments: { ...up, count: accepted, totals: euros(accepted), perSecond },
      outbox: {
        ...up,
        pending,
        totals: pending === 0 ? {} : euros(pending),
        oldestSeconds: pending === 0 ? null : state === 'cut' ? cutSeconds : 0.4,
        deadLetters: state === 'differ' ? 2 : 0,
      },
      queue: { ...up, underWay: waits ? null : queued },
      inbox: { ...(waits ? noPostgres : up), absorbed: waits ? null : absorbed },
      ledger: {
        ...(waits ? noPostgres : up),
        count: waits ? null : posted,
        totals: waits ? null : euros(posted),
        perSecond: postedPerSecond,
        parked: state === 'differ' ? 1 : 0,
      },
    },
    links: state === 'no-links' ? [] : linksIn(state, cutSeconds),
    processes: processesIn(state, at),
    attention: attentionIn(state, figures),
    run: runIn(state, figures),
    latency: postedPerSecond > 0 ? { p50: 9.5, p95: 21, p99: 48 } : null,
  };
}

function verdictOf(
  state: StateName,
  { accepted, pending, posted, cutSeconds }: Figures,
): Snapshot['verdict'] {
  const eur = (payments: number) => `EUR ${(payments * 1.2).toFixed(2)}`;
  switch (state) {
    case 'empty':
      return { kind: 'empty', says: 'Both ledgers are empty, so they agree.', helps: null };
    case 'silent':
    case 'cut':
      return {
        kind: 'stuck',
        says: `${pending} payments (${eur(pending)}) are safe in the outbox. The link relay-rabbitmq has been cut for ${Math.round(cutSeconds)} s.`,
        helps: 'npx paid-once heal',
      };
    case 'mass':
      return {
        kind: 'under-way',
        says: `19 payments (${eur(19)}) are on their way: nothing is lost, nothing is paid twice.`,
        helps: null,
      };
    case 'differ':
      return {
        kind: 'differ',
        says: `The ledgers differ by ${eur(accepted - posted)}: 1 transfer is missing, 1 was posted twice.`,
        helps: 'Repair below, or npx paid-once compare --repair',
      };
    case 'waiting':
      return {
        kind: 'unknown',
        says: 'Whether the ledgers agree is not known: the ledger does not answer.',
        helps: 'What was accepted is safe in the outbox meanwhile.',
      };
    case 'chapter-1':
      return {
        kind: 'differ',
        says: `165 payments (${eur(165)}) were accepted and never posted: they are lost.`,
        helps: null,
      };
    case 'healthy':
    case 'with-key':
    case 'read-only':
    case 'no-links':
      return {
        kind: 'agree',
        says: `The ledgers agree: ${accepted.toLocaleString('en')} payments, ${eur(accepted)}, each posted exactly once.`,
        helps: null,
      };
  }
}

function linksIn(state: StateName, cutSeconds: number): LinkView[] {
  const names = [
    'payment',
    'payments-postgres',
    'payments-rabbitmq',
    'relay-postgres',
    'relay-rabbitmq',
    'ledger-rabbitmq',
    'ledger-postgres',
  ] as const;
  return names.map((name) => {
    if (state === 'cut' && name === 'relay-rabbitmq') {
      return {
        name,
        state: 'cut',
        says: `cut, since ${Math.round(cutSeconds)} s`,
        faults: [{ ...noFault, kind: 'cut', sinceSeconds: cutSeconds }],
        healsInSeconds: null,
        means: 'Nothing is published: each payment waits in the outbox, in the payments database.',
      };
    }
    if (state === 'mass' && name === 'payment') {
      return {
        name,
        state: 'hurt',
        says: 'reset 30 % of requests, since 12 s',
        faults: [{ ...noFault, kind: 'reset', percent: 30, stream: 'both', sinceSeconds: 12 }],
        healsInSeconds: 18,
        means: 'The client cannot tell whether it has paid, and asks again with the same key.',
      };
    }
    return { name, state: 'up', says: 'up', faults: [], healsInSeconds: null, means: null };
  });
}

const noFault = { ms: null, percent: null, stream: null };

function processesIn(state: StateName, at: string): ProcessView[] {
  const since = new Date(Date.parse(at) - 764_000).toISOString();
  return [
    { name: 'payments', kind: 'service', state: 'running', since },
    { name: 'payments-db', kind: 'server', state: 'running', since },
    { name: 'relay', kind: 'service', state: 'running', since },
    { name: 'rabbitmq', kind: 'server', state: 'running', since },
    { name: 'ledger', kind: 'service', state: state === 'waiting' ? 'restarting' : 'running', since },
    { name: 'ledger-db', kind: 'server', state: state === 'waiting' ? 'dead' : 'running', since },
  ];
}

function attentionIn(state: StateName, { pending, cutSeconds }: Figures): Snapshot['attention'] {
  if (state === 'cut') {
    return [
      {
        says: `nothing is published, RabbitMQ is down: ${pending} messages safe in the outbox, the oldest for ${Math.round(cutSeconds)} s`,
        seconds: cutSeconds,
        byItself: true,
        command: null,
      },
    ];
  }
  if (state === 'differ') {
    return [
      {
        says: '2 dead letters in the outbox',
        seconds: 310,
        byItself: false,
        command: 'npx paid-once dead list',
      },
      {
        says: '1 message is parked by the ledger',
        seconds: 305,
        byItself: false,
        command: 'npx paid-once dead show unknown-currency',
      },
    ];
  }
  if (state === 'waiting') {
    return [
      { says: 'ledger-db is dead', seconds: 9, byItself: false, command: 'npx paid-once restart ledger-db' },
    ];
  }
  return [];
}

function runIn(state: StateName, { accepted }: Figures): RunView | null {
  const blank = {
    id: 'run-7',
    title: '1,000 payments',
    rows: 1_000,
    refused: 0,
    unknown: 0,
    secondsLeft: null,
    failure: null,
  };
  if (state === 'chapter-1') {
    return {
      ...blank,
      id: 'run-8',
      state: 'done',
      done: 1_000,
      attempts: 1_000,
      accepted: 699,
      replayed: 0,
      unknown: 301,
    };
  }
  if (state === 'mass') {
    const done = Math.min(1_000, accepted);
    return {
      ...blank,
      state: 'running',
      done,
      attempts: done + 319,
      accepted: done,
      replayed: 61,
      secondsLeft: 38,
    };
  }
  if (state === 'healthy')
    return { ...blank, state: 'done', done: 1_000, attempts: 1_319, accepted: 1_000, replayed: 319 };
  if (state === 'differ') {
    return {
      ...blank,
      state: 'failed',
      done: 611,
      attempts: 900,
      accepted: 604,
      replayed: 5,
      refused: 4,
      unknown: 7,
      failure: 'payments did not answer for 30 s.',
    };
  }
  return null;
}

/** The one that is shown above, if any, and what was tried before it. */
function runsIn(state: StateName, figures: Figures): MeasuredRun[] {
  if (state === 'empty') return [];
  const none = { count: 0, totals: {} };
  const earlier: RunView = {
    id: 'run-3',
    title: '1 payment',
    state: 'done',
    rows: 1,
    done: 1,
    attempts: 1,
    accepted: 1,
    replayed: 0,
    refused: 0,
    unknown: 0,
    secondsLeft: null,
    failure: null,
  };
  const twice: RunView = {
    ...earlier,
    id: 'run-5',
    title: '1,000 payments of payments.csv',
    rows: 1_000,
    done: 1_000,
    attempts: 1_412,
    accepted: 1_412,
  };
  const before: MeasuredRun[] = [
    {
      run: twice,
      startedAt: iso(-1_400),
      chapter: 2,
      notCounted: null,
      outcome: { settled: true, lost: none, twice: { count: 412, totals: euros(412) } },
      p95Ms: 324,
      perSecond: 91,
      pace: wave(11, 90),
    },
    {
      run: earlier,
      startedAt: iso(-1_500),
      chapter: 4,
      notCounted: null,
      outcome: { settled: true, lost: none, twice: none },
      p95Ms: 8.2,
      perSecond: 1,
      pace: [1],
    },
  ];
  const run = runIn(state, figures);
  if (run === null) return before;
  const lost = state === 'chapter-1' ? 466 : state === 'mass' ? 19 : 0;
  const newest: MeasuredRun = {
    run,
    startedAt: iso(-240.5),
    chapter: state === 'chapter-1' ? 1 : 4,
    notCounted: null,
    outcome: { settled: state !== 'mass', lost: { count: lost, totals: euros(lost) }, twice: none },
    p95Ms: run.state === 'done' ? 21 : null,
    perSecond: run.state === 'done' ? 85.4 : null,
    pace: wave(38, 26),
  };
  return [newest, ...before];
}

function wave(seconds: number, high: number): number[] {
  return Array.from({ length: seconds }, (_, second) =>
    Math.round(high * (0.8 + 0.2 * Math.sin(second / 2.3))),
  );
}

function pointOf(state: StateName, seconds: number): Point {
  const at = iso(seconds);
  const flowing = state !== 'empty' && state !== 'differ' && state !== 'chapter-1';
  const wave = (Math.sin(seconds / 9) + Math.sin(seconds / 3.7) / 2) / 1.5;
  const broken = state === 'cut' && seconds > -42;
  const resets = state === 'mass' && seconds > -12;
  const base = state === 'mass' ? 20 : 6;
  // Ninety seconds before it was cut once already, and caught up: a chart with one rise only shows half of the story.
  const earlier = state === 'cut' && seconds > -170 && seconds < -130;
  const catching = state === 'cut' && seconds >= -130 && seconds < -122;
  const accepted =
    flowing && (state !== 'mass' || seconds > -40) ? Math.max(0, base + wave * base * 0.25) : 0;
  const posted =
    broken || earlier || (state === 'waiting' && seconds > -9)
      ? 0
      : catching
        ? 36
        : accepted * (state === 'mass' ? 0.93 : 1);
  const outbox = broken
    ? Math.round((seconds + 42) * 5.8)
    : earlier
      ? Math.round((seconds + 170) * 6)
      : catching
        ? Math.round((-122 - seconds) * 30)
        : flowing && accepted > 0
          ? Math.round(3 + wave * 2)
          : 0;
  const latency = posted > 0 ? 9 + wave * 2 : null;
  return {
    at,
    outbox,
    queue: catching ? 22 : posted > 0 ? Math.round(4 + wave * 3) : 0,
    acceptedPerSecond: accepted,
    postedPerSecond: posted,
    p50: latency,
    p95: latency === null ? null : catching ? 38_000 : latency * 2.3,
    p99: latency === null ? null : catching ? 40_000 : latency * 5 + (wave > 0.8 ? 90 : 0),
    broken: broken || earlier ? ['relay-rabbitmq'] : resets ? ['payment'] : [],
  };
}

function happenedIn(state: StateName): Happened[] {
  const told: Omit<Happened, 'id'>[] = [
    {
      at: iso(-300),
      who: 'console',
      says: 'Started: payments, relay, ledger and seven links.',
      kind: 'operated',
      undo: null,
    },
  ];
  if (state === 'empty') return numbered(told);
  told.push({
    at: iso(-240.5),
    who: 'you',
    says: 'Sent 1,000 payments of payments.csv.',
    kind: 'paid',
    undo: null,
  });
  if (state === 'cut') {
    told.push(
      {
        at: iso(-41.4),
        who: 'relay',
        says: 'Lost RabbitMQ, reconnects in 200 ms.',
        kind: 'trouble',
        undo: null,
      },
      {
        at: iso(-42),
        who: 'you',
        says: 'Cut the link relay-rabbitmq.',
        kind: 'broke',
        undo: {
          label: 'Heal relay-rabbitmq',
          method: 'POST',
          path: '/api/links/heal',
          body: { link: 'relay-rabbitmq' },
        },
      },
    );
  }
  if (state === 'mass') {
    told.push({
      at: iso(-12),
      who: 'you',
      says: 'Reset 30 % of requests on the link payment, for 30 s.',
      kind: 'broke',
      undo: { label: 'Heal payment', method: 'POST', path: '/api/links/heal', body: { link: 'payment' } },
    });
  }
  return numbered(told.sort((one, other) => one.at.localeCompare(other.at)));
}

function numbered(told: Omit<Happened, 'id'>[]): Happened[] {
  return told.map((one, index) => ({ ...one, id: index + 1 }));
}

const classTitles = {
  inOutbox: 'Safe in the outbox',
  inBroker: 'Published, not yet posted',
  deadLettered: 'Dead letters',
  parked: 'Parked by the ledger',
  missing: 'Missing',
  unexpected: 'Never accepted',
  duplicate: 'Posted twice',
  amountDiffers: 'Another amount',
  order: 'Before their payments',
} as const;
type Class = keyof typeof classTitles;

function compareOf(state: StateName, { accepted, pending, queued, posted }: Figures): CompareView {
  const counts: Partial<Record<Class, number>> =
    state === 'differ'
      ? { inOutbox: 1, deadLettered: 2, parked: 1, missing: 1, duplicate: 1, amountDiffers: 1 }
      : state === 'chapter-1'
        ? { missing: 165 }
        : { inOutbox: pending, inBroker: queued };
  const names = Object.keys(classTitles) as Class[];
  return {
    notSearched: null,
    agree: Object.values(counts).every((number) => number === 0),
    payments: { count: accepted, totals: accepted === 0 ? {} : euros(accepted) },
    ledger: { count: posted, totals: posted === 0 ? {} : euros(posted) },
    classes: names.map((name) => ({
      name,
      title: classTitles[name],
      count: counts[name] ?? 0,
      totals: euros(counts[name] ?? 0),
      oldestSeconds: 42,
    })),
    rows: names.flatMap((name, kind) =>
      Array.from({ length: Math.min(counts[name] ?? 0, 60) }, (_, index) => ({
        paymentId: paymentId(kind * 100 + index),
        type: index % 9 === 8 ? ('payment.reversed' as const) : ('payment.accepted' as const),
        at: iso(-40 + index * 0.61),
        src: index % 2 === 0 ? 'bianca' : 'marc',
        dest: index % 2 === 0 ? 'marc' : 'landlord-berlin-mitte',
        amount: (1.2 * (1 + (index % 7))).toFixed(2),
        ledgerAmount: ledgerAmounts[name] ?? null,
        currency: 'EUR',
        class: name,
        detail: details[name] ?? null,
      })),
    ),
  };
}

/** Of the first of each class, which in these scripts is EUR 1.20. */
const ledgerAmounts: Partial<Record<Class, string>> = { duplicate: '1.20', amountDiffers: '12.00' };

const details: Partial<Record<Class, string>> = {
  deadLettered: 'refused by RabbitMQ five times: no queue is bound',
  parked: 'unknown-currency: the ledger has no account in it',
  missing: 'published, confirmed and not there: `npx paid-once replay --missing`',
  amountDiffers: 'EUR 1.20 was accepted, EUR 12.00 was posted',
};

function paymentId(number: number): string {
  return `01993f2a-6c1e-7b44-9d10-${(0x5af3107a4000 + number * 7_919).toString(16).padStart(12, '0')}`;
}

function deadIn(state: StateName): DeadView {
  if (state !== 'differ') return { count: 0, groups: [] };
  return {
    count: 3,
    groups: [
      {
        side: 'outbox',
        reason: 'unroutable',
        means: 'RabbitMQ had no queue for them. They are in the outbox, and not paid yet.',
        helps: 'Bind the queue, then redrive: they keep their message ids.',
        count: 2,
        totals: { EUR: '41.50' },
        oldestSeconds: 310,
      },
      {
        side: 'ledger',
        reason: 'unknown-currency',
        means: 'The ledger has no account in that currency. It is accepted, and not posted.',
        helps: 'Add the account, then redrive.',
        count: 1,
        totals: { CHF: '12.00' },
        oldestSeconds: 305,
      },
    ],
  };
}

/** Payments about which both sides agree: they are told only to those who look for them. */
function agreed(): LedgerRow[] {
  return Array.from({ length: 24 }, (_, index) => ({
    paymentId: paymentId(9_000 + index),
    type: 'payment.accepted',
    at: iso(-90 + index),
    src: index % 2 === 0 ? 'bianca' : 'marc',
    dest: index % 2 === 0 ? 'marc' : 'landlord-berlin-mitte',
    amount: index % 5 === 0 ? '25.00' : '1.20',
    ledgerAmount: index % 5 === 0 ? '25.00' : '1.20',
    currency: 'EUR',
    class: null,
    detail: null,
  }));
}

/** What `?class=` and `?find=` leave. The agreed payments' keys are rent-0 to rent-23. */
export function sought(compare: CompareView, kind: string | null, find: string): CompareView {
  const about = (row: LedgerRow) =>
    [row.paymentId, row.src, row.dest, row.amount].some((each) => each.toLowerCase() === find.toLowerCase());
  const breaks = compare.rows.filter((row) => kind === null || row.class === kind);
  if (find === '') return { ...compare, rows: breaks };
  const others = kind === null ? agreed().filter((row, index) => about(row) || find === `rent-${index}`) : [];
  const byAmount = /^[\d.]+$/.test(find);
  return {
    ...compare,
    rows: [...breaks.filter(about), ...others],
    notSearched: byAmount
      ? 'By amount, the newest 10,000 payments on which both sides agree were looked through.'
      : null,
  };
}

const naive: ChapterNow = {
  chapter: 1,
  name: 'naive',
  leavesOut: 'keys, outbox, publisher confirms, acks after commit, inbox',
  shows: 'money is lost on both hops',
};
const exactlyOnce: ChapterNow = {
  chapter: 4,
  name: 'paying exactly once',
  leavesOut: 'nothing: so it runs outside lab mode',
  shows: 'nothing is lost, nothing is paid twice',
};

export const about: AboutView = {
  token: 'as-if-secret',
  chapters: [
    naive,
    {
      chapter: 2,
      name: 'never pay too little',
      leavesOut: 'keys, inbox',
      shows: 'nothing is lost, money is paid twice on both hops',
    },
    {
      chapter: 3,
      name: 'avoid paying twice',
      leavesOut: 'inbox; keys are logged, not used',
      shows: 'a key alone changes nothing: money is paid twice',
    },
    exactlyOnce,
  ],
  presets: [
    {
      name: 'confirm-lost',
      link: 'relay-rabbitmq',
      fault: { ...noFault, kind: 'lose-answers' },
      means: 'RabbitMQ has the message, the relay does not know: it publishes it again.',
    },
    {
      name: 'ack-lost',
      link: 'ledger-rabbitmq',
      fault: { ...noFault, kind: 'lose-requests' },
      means: 'The transfer is posted, RabbitMQ does not know: it delivers the message again.',
    },
    {
      name: 'commit-answer-lost',
      link: 'payments-postgres',
      fault: { ...noFault, kind: 'lose-answers' },
      means: 'The payment is committed, payments does not know: the client is told so, and asks again.',
    },
    {
      name: 'both-ways-30%',
      link: 'payment',
      fault: { ...noFault, kind: 'reset', percent: 30, stream: 'both' },
      means: 'The client’s request is lost, or its answer is: it cannot tell which.',
    },
  ],
  command: 'npx paid-once',
};

export const measured: MeasuredView = {
  date: '2026-11-29T18:52:13.470Z',
  faults: [
    'the whole time: link payment resets 30 % of the connections before the request and 30 % after it',
    'from 20 to 40 % of the rows: links to RabbitMQ are cut',
    'after 85 % of the rows: the ledger is killed between its next commit and the ack',
  ],
  chapters: [
    {
      chapter: 1,
      name: 'naive',
      lost: '466.00',
      twice: '0.00',
      attempts: 1_000,
      p95Ms: 45.7,
      perSecond: 195,
    },
    {
      chapter: 2,
      name: 'never pay too little',
      lost: '0.00',
      twice: '414.00',
      attempts: 1_999,
      p95Ms: 324,
      perSecond: 91,
    },
    {
      chapter: 3,
      name: 'avoid paying twice',
      lost: '0.00',
      twice: '415.00',
      attempts: 1_999,
      p95Ms: 294,
      perSecond: 88,
    },
    {
      chapter: 4,
      name: 'paying exactly once',
      lost: '0.00',
      twice: '0.00',
      attempts: 1_998,
      p95Ms: 292,
      perSecond: 85,
    },
  ],
};

export function lifeOf(id: string): PaymentLife {
  return {
    paymentId: id,
    src: 'bianca',
    dest: 'marc',
    amount: '25.00',
    currency: 'EUR',
    status: 'accepted',
    events: [
      {
        type: 'payment.accepted',
        messageIds: ['01993f2a-6c1f-7002-8a51-0c9e1f44b7d2'],
        now: 'posted once: the second copy was absorbed',
        steps: [
          {
            at: iso(-40),
            afterMs: null,
            what: 'Accepted',
            detail: 'POST /payments answered 201; key rent-november',
            by: null,
            why: null,
          },
          {
            at: iso(-39.9968),
            afterMs: 3.2,
            what: 'In the outbox',
            detail: 'same transaction, shard 3',
            by: null,
            why: null,
          },
          {
            at: iso(-39.98),
            afterMs: 16.8,
            what: 'Published',
            detail: '1st attempt, no confirm within 5 s',
            by: 'relay',
            why: null,
          },
          {
            at: iso(-34.9),
            afterMs: 5_080,
            what: 'Published again',
            detail: '2nd attempt, confirmed',
            by: 'relay',
            why: null,
          },
          {
            at: iso(-34.89),
            afterMs: 10.1,
            what: 'Posted',
            detail: 'transfer 8,114: debit bianca, credit marc',
            by: 'ledger',
            why: null,
          },
          {
            at: iso(-12),
            afterMs: 22_890,
            what: 'Redriven',
            detail: 'under the same message id',
            by: 'you',
            why: 'queue was bound again',
          },
        ],
      },
    ],
    curl: `curl -s localhost:8080/payments/${id}`,
  };
}

function iso(seconds: number): string {
  return new Date(beginning + seconds * 1_000).toISOString();
}
