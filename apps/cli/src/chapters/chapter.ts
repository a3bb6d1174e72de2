/** One of the four delivery models, as the running system can take them on in lab mode. */
export interface Chapter {
  chapter: 1 | 2 | 3 | 4;
  name: string;
  /** What the client does, in a few words. */
  client: string;
  /** Whether the client sends again until it is answered 2xx. */
  retries: boolean;
  keys: 'one-per-row' | 'none';
  /** What it must come to under the faults: the model's own failing, and no other. */
  expected: { losesMoney: boolean; paysTwice: boolean };
  /** When one wants exactly this. */
  rightWhen: string;
}

export const chapters: readonly Chapter[] = [
  {
    chapter: 1,
    name: 'naive',
    client: 'sends once, no key',
    retries: false,
    keys: 'none',
    expected: { losesMoney: true, paysTwice: false },
    rightWhen:
      'At most once is right where the next value makes up for a lost one: measurements, telemetry, a cursor on a screen.',
  },
  {
    chapter: 2,
    name: 'never pay too little',
    client: 'retries, no key',
    retries: true,
    keys: 'none',
    expected: { losesMoney: false, paysTwice: true },
    rightWhen:
      'At least once is right where a second time changes nothing: setting a status, filling a cache, upserting a row.',
  },
  {
    chapter: 3,
    name: 'avoid paying twice',
    client: 'retries with a key',
    retries: true,
    keys: 'one-per-row',
    expected: { losesMoney: false, paysTwice: true },
    rightWhen:
      'A key alone is never right: as long as nobody looks it up, it is chapter 2 with one more header.',
  },
  {
    chapter: 4,
    name: 'paying exactly once',
    client: 'retries with a key',
    retries: true,
    keys: 'one-per-row',
    expected: { losesMoney: false, paysTwice: false },
    rightWhen:
      'The whole (key, outbox, inbox) is right for money, and for whatever may be neither lost nor repeated.',
  },
];
