import { Controller, Headers, Query, Sse, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import { Observable, Subject, takeUntil } from 'rxjs';
import type { Snapshot } from './api.js';
import { Watch } from './watch.js';

/** Milliseconds: what is older was seen while nobody watched. */
const freshMs = 1_000;

/** What the page listens to: `snapshot` four times a second, `point` once, `happened` when something does. */
@Controller('api')
export class EventsController implements OnModuleDestroy {
  private readonly ended = new Subject<void>();

  constructor(private readonly watch: Watch) {}

  /** Else these answers would keep the process from ending for as long as a page is open. */
  onModuleDestroy(): void {
    this.ended.next();
  }

  /** A page that comes back says what it has seen last (`after` on a connection that its browser takes for a new one), and gets what has happened since; points it asks for itself. */
  @Sse('events')
  events(
    @Headers('last-event-id') lastId?: string,
    @Query('after') after?: unknown,
  ): Observable<MessageEvent> {
    const seen = idIn(lastId) ?? idIn(after);
    return new Observable<MessageEvent>((page) => {
      const { happenings } = this.watch;
      let newest = seen ?? 0;
      // Every event carries the id of the last happening: a browser repeats that of the last event of any kind.
      const send = (type: string, data: object) => page.next({ type, data, id: String(newest) });
      const happened = (each: { id: number }) => {
        newest = each.id;
        send('happened', each);
      };
      const snapshot = (each: Snapshot) => send('snapshot', each);
      const { last } = this.watch;
      if (last && Date.now() - Date.parse(last.at) < freshMs) snapshot(last); // else the next one comes at once
      for (const each of happenings.since(seen)) happened(each);
      const ends = [
        happenings.listen(happened),
        this.watch.listen({ snapshot, point: (point) => send('point', point) }),
      ];
      return () => ends.forEach((end) => end());
    }).pipe(takeUntil(this.ended));
  }
}

function idIn(text: unknown): number | undefined {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
