import { describe, expect, it, jest } from '@jest/globals';
import type { Health, LinkView, Snapshot } from './api.js';
import { Happenings } from './happenings.js';

const up: Health = { health: 'up', says: null };
const link = (state: LinkView['state'], says: string): LinkView => ({
  name: 'relay-rabbitmq',
  state,
  says,
  faults: [],
  healsInSeconds: null,
  means: null,
});

function snapshot(outbox: Health, links: LinkView[] = []): Snapshot {
  return {
    links,
    stations: { payments: up, outbox, queue: up, ledger: up } as unknown as Snapshot['stations'],
  } as Snapshot;
}

describe('what has happened', () => {
  it('is one line when a trouble begins and one when it is over, however long it lasts', () => {
    const happenings = new Happenings();
    const away: Health = { health: 'down', says: 'The relay does not answer.' };
    for (const outbox of [up, up, away, away, away, up, up]) happenings.notice(snapshot(outbox));
    expect(happenings.since(undefined)).toMatchObject([
      { who: 'relay', says: 'The relay does not answer.', kind: 'trouble' },
      { who: 'relay', says: 'is up again', kind: 'recovered' },
    ]);
  });

  it('tells a link that somebody else breaks, too, without its seconds', () => {
    const happenings = new Happenings();
    happenings.notice(snapshot(up, [link('up', 'up')]));
    for (const seconds of [0, 1, 2])
      happenings.notice(snapshot(up, [link('cut', `cut, since ${seconds} s`)]));
    happenings.notice(snapshot(up, [link('up', 'up')]));
    expect(happenings.since(undefined).map(({ says }) => says)).toEqual([
      'relay-rabbitmq is cut',
      'relay-rabbitmq is up again',
    ]);
  });

  it('keeps the last two hundred, and tells a page that comes back what it has missed', () => {
    const happenings = new Happenings();
    const told: number[] = [];
    const end = happenings.listen(({ id }) => told.push(id));
    for (let number = 1; number <= 250; number++)
      happenings.add({ who: 'you', says: String(number), kind: 'paid' });
    end();
    happenings.add({ who: 'you', says: '251', kind: 'paid' });
    expect(told).toHaveLength(250);
    expect(happenings.since(undefined)).toHaveLength(200);
    expect(happenings.since(told[248]).map(({ says }) => says)).toEqual(['250', '251']);
  });

  it('tells a page that has seen the console before this one all that is new', () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1_790_000_000_000);
    const before = new Happenings();
    const told: number[] = [];
    before.listen(({ id }) => told.push(id));
    for (let number = 1; number <= 3; number++) before.add({ who: 'you', says: 'before', kind: 'paid' });
    now.mockReturnValue(1_790_000_001_000); // no process starts sooner
    const after = new Happenings();
    after.add({ who: 'you', says: 'after', kind: 'paid' });
    now.mockRestore();
    expect(after.since(told.at(-1)).map(({ says }) => says)).toEqual(['after']);
  });
});
