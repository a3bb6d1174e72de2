import { useSignal } from '@preact/signals';
import type { Happened } from '../../../src/api.js';
import { ask, done, problem } from '../state/requests.js';
import { canControl, happened } from '../state/snapshot.js';
import { utcTime } from '../words/times.js';
import { Prose } from './command.js';
import { Chevron, Cross, StateMark, type Mark } from './icons.js';
import { ProblemNote } from './problem-note.js';

const marks: Record<Happened['kind'], Mark> = {
  broke: 'down',
  healed: 'up',
  paid: 'none',
  operated: 'none',
  trouble: 'growing',
  recovered: 'up',
};

/** Always in sight, at the lower edge: what just happened, and what takes it back. */
export function Events() {
  const all = useSignal(false);
  const events = happened.value;
  const shown = all.value ? events.toReversed() : latest(events);
  return (
    <footer class="strip" aria-label="Events">
      <p class="unseen" role="status">
        {done.value}
      </p>
      <Problem />
      <div class="strip-inner">
        <h2 class="unseen">What happened</h2>
        {events.length === 0 ? (
          <p class="muted strip-none">Nothing happened yet.</p>
        ) : (
          <ol
            class={all.value ? 'happened happened-all' : 'happened'}
            {...(all.value ? { tabIndex: 0, 'aria-label': 'All events' } : {})}
          >
            {shown.map((event) => (
              <Event key={`${event.at} ${event.id}`} event={event} />
            ))}
          </ol>
        )}
        {events.length > 1 && (
          <button
            type="button"
            class="small-button strip-all"
            aria-expanded={all.value}
            onClick={() => (all.value = !all.value)}
          >
            {all.value ? 'Latest only' : `All ${events.length}`}
            <Chevron />
          </button>
        )}
      </div>
    </footer>
  );
}

/** The last one, and beside it what can still be taken back: what a cut link does to the relay must not hide its undo. */
function latest(events: readonly Happened[]): readonly Happened[] {
  const last = events.slice(-1);
  const undoable = events.slice(-10, -1).findLast(({ undo }) => undo !== null);
  return undoable === undefined || last[0]?.undo !== null ? last : [undoable, ...last];
}

function Event({ event }: { event: Happened }) {
  const { undo } = event;
  return (
    <li class={`event event-${event.kind}`}>
      <StateMark mark={marks[event.kind]} />
      <time dateTime={event.at}>{utcTime(event.at)}</time>
      <span class="event-says">
        <span class="muted">{event.who}</span> <Prose says={event.says} />
      </span>
      {undo !== null && canControl.value && (
        <button type="button" class="small-button" onClick={() => void ask(undo.path, undo.body)}>
          {undo.label}
        </button>
      )}
    </li>
  );
}

/** Where the request was made may be far up the page; this is always seen. */
function Problem() {
  const told = problem.value;
  if (told === null) return null;
  return (
    <div class="problem" role="alert">
      <StateMark mark="down" />
      <ProblemNote problem={told} />
      <button
        type="button"
        class="icon-button large"
        aria-label="Dismiss"
        onClick={() => (problem.value = null)}
      >
        <Cross />
      </button>
    </div>
  );
}
