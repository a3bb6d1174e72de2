import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { RunView } from '../../../src/api.js';
import { ask, payFile, sendOne, sendThousand } from '../state/requests.js';
import { canControl, runs, snapshot } from '../state/snapshot.js';
import { count } from '../words/money.js';
import { age } from '../words/times.js';
import { Command, Prose } from './command.js';

export function Run() {
  const run = snapshot.value?.run ?? null;
  return (
    <section class="card run" aria-labelledby="run-title">
      <h2 id="run-title">Pay</h2>
      {canControl.value ? <Send /> : <Command command="npx paid-once pay payments.csv" />}
      {run === null ? (
        <p class="muted">No run yet. A run goes on by itself when the page is closed.</p>
      ) : (
        <RunNow run={run} />
      )}
      {canControl.value && snapshot.value?.mode.lab === true && <Reset />}
    </section>
  );
}

function Send() {
  const file = useRef<HTMLInputElement>(null);
  const busy = runs.value;
  return (
    <>
      <div class="acts">
        <button type="button" class="main-button" disabled={busy} onClick={() => void sendOne()}>
          Send one
        </button>
        <button type="button" disabled={busy} onClick={() => void sendThousand()}>
          Send 1,000
        </button>
        <button type="button" disabled={busy} onClick={() => file.current?.click()}>
          Upload CSV…
        </button>
        <input
          ref={file}
          type="file"
          accept=".csv,text/csv"
          hidden
          aria-label="CSV file of payments"
          onChange={({ currentTarget }) => {
            const chosen = currentTarget.files?.[0];
            if (chosen !== undefined) void payFile(chosen);
            // The same file once more must be a change again.
            currentTarget.value = '';
          }}
        />
      </div>
      {busy && <p class="muted reason">One run pays at a time: stop it, or wait until it is done.</p>}
    </>
  );
}

const endings: Record<RunView['state'], string> = {
  running: 'running',
  done: 'done',
  stopped: 'stopped',
  failed: 'failed',
};

function RunNow({ run }: { run: RunView }) {
  return (
    <div class="run-now">
      <div class="run-head">
        <h3>{run.title}</h3>
        <span class={`run-state run-${run.state}`}>{endings[run.state]}</span>
      </div>
      <progress max={Math.max(1, run.rows)} value={run.done} aria-label={`Rows paid, of ${run.rows}`} />
      <div class="run-line">
        <p>
          <strong>{count(run.done)}</strong> / {count(run.rows)}
          {run.state === 'running' && run.secondsLeft !== null && (
            <span class="muted"> · {age(run.secondsLeft)} left</span>
          )}
        </p>
        {run.state === 'running' && canControl.value && (
          <button type="button" class="small-button" onClick={() => void ask('/api/runs/stop')}>
            Stop
          </button>
        )}
      </div>
      <dl class="figures">
        <Figure name="attempts" value={run.attempts} says="Requests, repeats included" />
        <Figure name="accepted" value={run.accepted} says="Answered 201" />
        <Figure name="replayed" value={run.replayed} says="Answered 208: it had been paid before" />
        <Figure
          name="refused"
          value={run.refused}
          says="Answered with an error that repeating does not change"
        />
        <Figure name="unknown" value={run.unknown} says="Given up: whether these are paid is not known" />
      </dl>
      {run.failure !== null && (
        <p class="bad">
          <Prose says={run.failure} />
        </p>
      )}
    </div>
  );
}

function Figure({ name, value, says }: { name: string; value: number; says: string }) {
  const trouble = value > 0 && (name === 'refused' || name === 'unknown');
  return (
    <div title={says}>
      <dt>{name}</dt>
      <dd class={trouble ? 'bad' : ''}>{count(value)}</dd>
    </div>
  );
}

/** The one thing here that nothing takes back: hence a second press, beside the first. */
function Reset() {
  const sure = useSignal(false);
  return (
    <div class="reset">
      {sure.value ? (
        <>
          <span>Delete all payments and transfers?</span>
          <button
            type="button"
            class="small-button bad-button"
            onClick={() => {
              sure.value = false;
              void ask('/api/reset');
            }}
          >
            Empty both ledgers
          </button>
          <button type="button" class="small-button" onClick={() => (sure.value = false)}>
            Keep them
          </button>
        </>
      ) : (
        <button
          type="button"
          class="small-button quiet"
          disabled={runs.value}
          onClick={() => (sure.value = true)}
        >
          Empty both ledgers…
        </button>
      )}
    </div>
  );
}
