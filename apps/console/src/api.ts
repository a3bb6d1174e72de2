// What the console's page and its backend say to each other: types only, so that the page carries nothing of the backend.
import type { FaultKind, LinkName } from '@paid-once/links';

/** Major units by currency, net of reversals: `{"EUR": "1000.00"}`. */
export type Totals = Readonly<Record<string, string>>;

/**
 * All that is seen at a glance, four times a second, as the event `snapshot` of `GET /api/events`. Its SSE id is `at`.
 * What a part has not answered is null, with the reason in `stations`.
 */
export interface Snapshot {
  /** ISO 8601, by the console's clock. */
  at: string;
  verdict: Verdict;
  mode: Mode;
  stations: Stations;
  /** In the order in which money passes. Empty without Toxiproxy. */
  links: LinkView[];
  /** In the order of a payment's path. Empty where no launcher of this checkout runs: in containers. */
  processes: ProcessView[];
  /** What is not as it should be, in words, in the order in which money passes; broken links are in `links`. */
  attention: AttentionView[];
  /** The run that pays now, or the last one. */
  run: RunView | null;
  /** Of what was posted in the last five seconds; null while nothing is. Milliseconds. */
  latency: { p50: number; p95: number; p99: number } | null;
}

/** One sentence, always true. */
export interface Verdict {
  /**
   * `agree` both sides hold the same; `empty` and there is nothing; `under-way` what differs is on its way, and safe;
   * `stuck` some of it needs a person or a healed link; `differ` money is lost or twice; `unknown` a side does not answer.
   */
  kind: 'empty' | 'agree' | 'under-way' | 'stuck' | 'differ' | 'unknown';
  /** "3 payments (EUR 41.50) are safe in the outbox: the link to RabbitMQ is cut since 42 s." */
  says: string;
  /** What helps: an action of the page, or a command. */
  helps: string | null;
}

export interface Mode {
  /** Anybody may break things, and there are chapters. */
  lab: boolean;
  /**
   * `all`: anybody may act. `key`: whoever gives the page an API key with `operate`, which it sends as
   * `authorization: Bearer`. `none`: nobody. Without control the page shows the command instead of the button, and why.
   */
  control: 'all' | 'key' | 'none';
  /** Why not anybody may; null if anybody may. */
  whyNot: string | null;
  /** Null outside lab mode: there are no chapters. */
  chapter: ChapterNow | null;
}

export interface ChapterNow {
  chapter: 1 | 2 | 3 | 4;
  name: string;
  /** What is switched off: "keys, inbox". */
  leavesOut: string;
  shows: string;
}

/** How a part is. `waiting`: it lives, and lacks something, which `says` tells; `down`: it does not answer. */
export interface Health {
  health: 'up' | 'waiting' | 'down';
  /** "waiting for Postgres at payments-db:5432: connection refused", or null. */
  says: string | null;
}

export interface Stations {
  client: { perSecond: number };
  /** `count` and `totals` are null while a side does not answer. */
  payments: Health & { count: number | null; totals: Totals | null; perSecond: number };
  /** `totals`: as the last comparison found them; null while what it compared is no longer so. */
  outbox: Health & {
    pending: number | null;
    totals: Totals | null;
    oldestSeconds: number | null;
    deadLetters: number;
  };
  /** Counted from both sides: what has left the outbox and is neither posted nor set aside. */
  queue: Health & { underWay: number | null };
  /** `absorbed`: copies that came again and were not posted again. */
  inbox: Health & { absorbed: number | null };
  ledger: Health & { count: number | null; totals: Totals | null; perSecond: number; parked: number };
}

export interface LinkView {
  name: LinkName;
  /** `cut`: nothing passes; `hurt`: slow, resets, loses; `up`. */
  state: 'up' | 'hurt' | 'cut';
  /** "up", or all that is wrong with it: "reset 30 % of requests, since 42 s". */
  says: string;
  /** Each by itself; empty while it is up, and of what somebody else has done to it. */
  faults: FaultView[];
  /** Seconds until the console heals it by itself; null: until somebody does. */
  healsInSeconds: number | null;
  /** What it means for the money while it is broken; null while it is up. */
  means: string | null;
}

export interface FaultView {
  kind: FaultKind;
  /** Of `slow`. */
  ms: number | null;
  /** Of `reset`. */
  percent: number | null;
  /** Which way it works, of `reset`: requests, answers, or both. */
  stream: 'upstream' | 'downstream' | 'both' | null;
  sinceSeconds: number | null;
}

export interface ProcessView {
  name: string;
  kind: 'service' | 'server';
  state: 'running' | 'stopped' | 'dead' | 'restarting';
  since: string;
}

export interface AttentionView {
  says: string;
  /** Since when, in seconds; null when nobody knows. */
  seconds: number | null;
  /** It goes away by itself once its cause is gone; else a person decides. */
  byItself: boolean;
  command: string | null;
}

export interface RunView {
  id: string;
  /** "1,000 payments of payments.csv". */
  title: string;
  state: 'running' | 'done' | 'stopped' | 'failed';
  rows: number;
  done: number;
  /** Requests, repeats included. */
  attempts: number;
  /** Answered 201. */
  accepted: number;
  /** Answered 208: it had been paid before. */
  replayed: number;
  refused: number;
  /** Given up: whether these are paid is not known. */
  unknown: number;
  /** Null when it cannot be told yet, or is over. */
  secondsLeft: number | null;
  /** Why it failed; null else. */
  failure: string | null;
}

/** `GET /api/runs`: those of this console, the newest first, at most twenty, as they were and what came of them. */
export interface MeasuredRun {
  run: RunView;
  startedAt: string;
  chapter: 1 | 2 | 3 | 4;
  /**
   * Row by row: what became of each row that was sent. `settled` false: something is still under way, or a side does not
   * answer, and the numbers may change. Null until it could be counted for the first time.
   */
  outcome: {
    settled: boolean;
    /** Rows that were sent and are not in the ledger. */
    lost: { count: number; totals: Totals };
    /** Transfers beyond the first of a row. */
    twice: { count: number; totals: Totals };
  } | null;
  /** Why nobody can tell what became of them; null if it is counted, or will be. */
  notCounted: string | null;
  /** Of whole rows, from the first attempt to the last answer; null until it is done. */
  p95Ms: number | null;
  perSecond: number | null;
  /** Rows answered 2xx in each second of the run, in order: a sparkline. At most 60, of longer runs each stands for more. */
  pace: number[];
}

/** One line of the event strip, as the event `happened`; the last two hundred come first to a page that connects. */
export interface Happened {
  /** Grows; also the SSE id. */
  id: number;
  at: string;
  /** Who did it, or which part tells of itself: "you", "console", "relay". */
  who: string;
  says: string;
  kind: 'broke' | 'healed' | 'paid' | 'operated' | 'trouble' | 'recovered';
  /** What takes it back, as a request that the page sends; null where nothing does. */
  undo: { label: string; method: 'POST'; path: string; body: object } | null;
}

/**
 * `GET /api/points?since=ISO`: what the charts draw, one point a second for the last five minutes; while the page is open, each
 * also comes as the event `point`.
 */
export interface Point {
  at: string;
  outbox: number | null;
  queue: number | null;
  acceptedPerSecond: number;
  postedPerSecond: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** The links that were broken, for the shaded bands. */
  broken: LinkName[];
}

/**
 * `GET /api/compare`: both ledgers now. `rows`: at most 200 breaks, the oldest first; `?class=` one of the names below.
 * `?find=` a payment id, an idempotency key, an account or an exact amount finds payments about which both sides agree, too.
 */
export interface CompareView {
  /** What `find` did not look at; null if it looked at all there is. */
  notSearched: string | null;
  agree: boolean;
  payments: { count: number; totals: Totals };
  ledger: { count: number; totals: Totals };
  /** By class, with the money that the ledger is short of or over by. */
  classes: { name: BreakName; title: string; count: number; totals: Totals; oldestSeconds: number }[];
  rows: LedgerRow[];
}
export type BreakName =
  | 'inOutbox'
  | 'inBroker'
  | 'deadLettered'
  | 'parked'
  | 'missing'
  | 'unexpected'
  | 'duplicate'
  | 'amountDiffers'
  | 'order';

/** One payment on both sides. `class` null: both agree about it. */
export interface LedgerRow {
  paymentId: string;
  type: 'payment.accepted' | 'payment.reversed';
  at: string;
  src: string;
  dest: string;
  amount: string;
  /** What the ledger has; null where it has none. */
  ledgerAmount: string | null;
  currency: string;
  class: BreakName | null;
  /** Why it is where it is; null if there is nothing to say. */
  detail: string | null;
}

/** `GET /api/payments/ID`: its life, for the drawer. */
export interface PaymentLife {
  paymentId: string;
  src: string | null;
  dest: string | null;
  amount: string | null;
  currency: string | null;
  status: string | null;
  events: {
    type: string;
    messageIds: string[];
    now: string;
    steps: {
      at: string;
      afterMs: number | null;
      what: string;
      detail: string;
      by: string | null;
      why: string | null;
    }[];
  }[];
  /** The request that would look it up. */
  curl: string;
}

/** `GET /api/about`: what does not change while the console runs. */
export interface AboutView {
  /** 1 to 4. */
  chapters: ChapterNow[];
  /** The faults that payment systems are known to fail at, by the names people give them. */
  presets: { name: string; link: LinkName; fault: Omit<FaultView, 'sinceSeconds'>; means: string }[];
  /** How a command begins here: "npx paid-once". */
  command: string;
  /** What `x-paid-once-console` has to say. Another one after the console was started again. */
  token: string;
}

/** `GET /api/dead`: what is stuck, on both sides, by reason. */
export interface DeadView {
  count: number;
  groups: {
    side: 'outbox' | 'ledger';
    reason: string;
    means: string;
    helps: string;
    count: number;
    totals: Totals;
    oldestSeconds: number;
  }[];
}

/** `GET /api/measured`: the table of the four chapters, as it was measured; 404 if it never was. */
export interface MeasuredView {
  date: string;
  faults: string[];
  chapters: {
    chapter: number;
    name: string;
    lost: string;
    twice: string;
    attempts: number;
    p95Ms: number | null;
    perSecond: number | null;
  }[];
}

/**
 * What the page may ask for. Each needs `x-paid-once-console: <token>` (no other site can read or send it) and answers 200 with
 * what it did, or a problem document (`application/problem+json`: title, detail, money, next). In order:
 * POST /api/links/NAME/break {kind, ms?, percent?, stream?, forSeconds?} · POST /api/links/heal {link?}
 * POST /api/processes/NAME/ACTION (kill, stop, cont, restart)
 * POST /api/runs {rows: 1|1000} | {file: 'payments.csv'} | text/csv · POST /api/runs/stop · POST /api/chapter {chapter} · POST /api/repair {}
 * POST /api/dead/redrive {reason?|payment?|all} · POST /api/reset {}
 */
export interface BreakRequest {
  kind: FaultKind;
  ms?: number;
  percent?: number;
  stream?: 'upstream' | 'downstream' | 'both';
  forSeconds?: number;
}
export interface Done {
  /** What was done, in words: "Cut the link relay-rabbitmq." */
  says: string;
}
export interface ConsoleProblem {
  title: string;
  detail: string;
  /** What it means for the money. */
  money: string | null;
  next: string | null;
}
