import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { ProcessView } from '../../../src/api.js';
import { ask } from '../state/requests.js';
import { canControl } from '../state/snapshot.js';
import { age, secondsSince } from '../words/times.js';
import { Cli } from './command.js';
import { Chevron, StateMark, type Mark } from './icons.js';

type Action = 'kill' | 'stop' | 'cont' | 'restart';

const marks: Record<ProcessView['state'], Mark> = {
  running: 'up',
  stopped: 'waiting',
  dead: 'down',
  restarting: 'waiting',
};
const words: Record<ProcessView['state'], string> = {
  running: 'running',
  stopped: 'frozen',
  dead: 'dead',
  restarting: 'restarting',
};

/** As `paid-once kill`, `stop`, `cont` and `restart`; here they are called by what is seen of them. */
const actions: Record<ProcessView['state'], readonly { action: Action; says: string; does: string }[]> = {
  running: [
    { action: 'kill', says: 'Kill', does: 'as kill -9 does: nothing is put in order' },
    { action: 'stop', says: 'Freeze', does: 'it hangs, and its connections stay open' },
    { action: 'restart', says: 'Restart', does: 'it ends in order and comes back' },
  ],
  stopped: [
    { action: 'cont', says: 'Go on', does: 'as if nothing had been' },
    { action: 'kill', says: 'Kill', does: 'as kill -9 does: nothing is put in order' },
  ],
  dead: [{ action: 'restart', says: 'Start', does: 'it finds what it left' }],
  restarting: [],
};

export function ProcessMenu({ process }: { process: ProcessView }) {
  const open = useSignal(false);
  const menu = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => (open.value = false);
  /** What had the focus goes with the menu. */
  const closeAndReturn = () => {
    close();
    opener.current?.focus();
  };

  useEffect(() => {
    if (!open.value) return;
    const outside = (event: Event) => {
      if (!(event.target instanceof Node) || menu.current?.contains(event.target) !== true) close();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open.value]);

  return (
    <div
      class="process"
      ref={menu}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open.value) return;
        closeAndReturn();
      }}
    >
      <button
        ref={opener}
        type="button"
        class={`process-button process-${process.state}`}
        aria-expanded={open.value}
        onClick={() => (open.value = !open.value)}
      >
        <span class="process-name">
          <StateMark mark={marks[process.state]} />
          {process.name}
          {process.state !== 'running' && <span class="process-state"> {words[process.state]}</span>}
        </span>
        <Chevron />
      </button>
      {open.value && <Actions process={process} close={closeAndReturn} />}
    </div>
  );
}

function Actions({ process, close }: { process: ProcessView; close: () => void }) {
  return (
    <div class="menu">
      <p class="muted">
        {process.name} is {words[process.state]}, since {age(secondsSince(process.since))}
      </p>
      {actions[process.state].map(({ action, says, does }) =>
        canControl.value ? (
          <button
            key={action}
            type="button"
            onClick={() => {
              close();
              void ask(`/api/processes/${process.name}/${action}`);
            }}
          >
            <strong>
              {says} {process.name}
            </strong>
            <span class="muted">{does}</span>
          </button>
        ) : (
          <Cli key={action} args={`${action} ${process.name}`} />
        ),
      )}
    </div>
  );
}
