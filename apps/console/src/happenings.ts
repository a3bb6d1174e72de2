import type { Happened, Snapshot } from './api.js';

const most = 200;

/** Who broke what and when, and what the parts then told of themselves: the strip at the end of the page. */
export class Happenings {
  private readonly kept: Happened[] = [];
  /** Ids grow also over a new start: a page that comes back says after which one it goes on. */
  private id = Date.now();
  private readonly known = new Map<string, string>();
  private readonly listeners = new Set<(happened: Happened) => void>();

  /** @returns ends it */
  listen(listener: (happened: Happened) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  add(what: Pick<Happened, 'who' | 'says' | 'kind'> & Partial<Pick<Happened, 'undo'>>): void {
    const happened: Happened = { undo: null, ...what, id: ++this.id, at: new Date().toISOString() };
    this.kept.push(happened);
    if (this.kept.length > most) this.kept.shift();
    for (const listener of this.listeners) listener(happened);
  }

  /** Those after that one; all, if it is none. */
  since(id: number | undefined): Happened[] {
    return id === undefined ? [...this.kept] : this.kept.filter((each) => each.id > id);
  }

  /** One line when a trouble begins and one when it ends, however many snapshots it lasts. */
  notice({ stations, links }: Snapshot): void {
    for (const [station, { health, says }] of healths(stations))
      this.change(station, health, () => ({
        who: station,
        says: health === 'up' ? 'is up again' : (says ?? health),
        kind: health === 'up' ? 'recovered' : 'trouble',
      }));
    for (const { name, state, says } of links)
      this.change(`link ${name}`, state, () => ({
        who: 'links',
        says: state === 'up' ? `${name} is up again` : `${name} is ${says.replace(/, since.*/, '')}`,
        kind: state === 'up' ? 'healed' : 'broke',
      }));
  }

  private change(what: string, state: string, line: () => Pick<Happened, 'who' | 'says' | 'kind'>): void {
    const before = this.known.get(what);
    this.known.set(what, state);
    if (before !== undefined && before !== state) this.add(line());
  }
}

function healths(stations: Snapshot['stations']) {
  const { payments, outbox, queue, ledger } = stations;
  return Object.entries({ payments, relay: outbox, queue, ledger });
}
