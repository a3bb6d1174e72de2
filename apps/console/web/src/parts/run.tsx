import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { RunView } from '../../../src/api.js';
import { ask, payFile, sendOne, sendOurFile, sendThousand } from '../state/requests.js';
import { canControl, runs, snapshot } from '../state/snapshot.js';
import { count } from '../words/money.js';
import { payArgs } from '../words/pay-command.js';
import { age } from '../words/times.js';
import { Instead, Prose } from './command.js';

export function Run() {
  const now = snapshot.value;
  return (
    <section class="card run" aria-labelledby="run-title">
      <h2 id="run-title">Pay</h2>
      {now !== null && (canControl.value ? <Send /> : <SendByCommand />)}
      <RunNow run={now?.run ?? null} />
      {now?.mode.lab === true && (canControl.value ? <Reset /> : <ResetByCommand />)}
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
        <button type="button" disabled={busy} onClick={() => void sendOurFile()}>
          Send payments.csv
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

function SendByCommand() {
  const chapter = snapshot.value?.mode.chapter?.chapter ?? 4;
  return (
    <Instead
      acts={[
        { does: 'Send one', args: payArgs('one.csv', chapter) },
        { does: 'Send 1,000', args: payArgs('payments.csv', chapter) },
      ]}
    >
      <p class="muted">
        A file has a line <code>src,dest,amount</code>, then one like <code>bianca,marc,1.00</code> for each
        payment.
      </p>
    </Instead>
  );
}

const endings: Record<RunView['state'], string> = {
  running: 'running',
  done: 'done',
  stopped: 'stopped',
  failed: 'failed',
};

/** The words stand there before the first run, too: what will be counted is worth knowing before it is. */
function RunNow({ run }: { run: RunView | null }) {
  return (
    <div class="run-now">
      {run === null ? (
        <p class="muted">No run yet. A run goes on by itself when the page is closed.</p>
      ) : (
        <RunProgress run={run} />
      )}
      <dl class="figures">
        <Figure name="attempts" value={run?.attempts} says="requests, repeats included" />
        <Figure name="accepted" value={run?.accepted} says="answered 201" />
        <Figure name="replayed" value={run?.replayed} says="answered 208: had been paid before" />
        <Figure name="refused" value={run?.refused} says="repeating does not change that" />
        <Figure name="unknown" value={run?.unknown} says="given up: paid, or not" />
      </dl>
      {run !== null && run.failure !== null && (
        <p class="bad">
          <Prose says={run.failure} />
        </p>
      )}
    </div>
  );
}

function RunProgress({ run }: { run: RunView }) {
  return (
    <>
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
        {run.state === 'running' && !canControl.value && (
          <span class="muted">
            <kbd>Ctrl</kbd> <kbd>C</kbd> stops it where it pays
          </span>
        )}
      </div>
    </>
  );
}

function Figure({ name, value, says }: { name: string; value: number | undefined; says: string }) {
  const trouble = value !== undefined && value > 0 && (name === 'refused' || name === 'unknown');
  return (
    <div>
      <dt>
        {name} <span class="figure-says">{says}</span>
      </dt>
      <dd class={trouble ? 'bad' : ''}>{value === undefined ? '—' : count(value)}</dd>
    </div>
  );
}

/** The one thing here that nothing takes back: hence a second press, beside the first. */
function Reset() {
  const sure = useSignal(false);
  const place = useRef<HTMLDivElement>(null);
  const pressed = useRef(false);
  // The button that had the focus is gone: what stands in its place gets it.
  useEffect(() => {
    if (pressed.current) place.current?.querySelector('button')?.focus();
  }, [sure.value]);
  const turn = (on: boolean) => {
    pressed.current = true;
    sure.value = on;
  };
  return (
    <div class="reset" ref={place}>
      {sure.value ? (
        <>
          <span>Delete all payments and transfers?</span>
          <button type="button" class="small-button" onClick={() => turn(false)}>
            Keep them
          </button>
          <button
            type="button"
            class="small-button bad-button"
            onClick={() => {
              turn(false);
              void ask('/api/reset');
            }}
          >
            Empty both ledgers
          </button>
        </>
      ) : (
        <button type="button" class="small-button quiet" disabled={runs.value} onClick={() => turn(true)}>
          Empty both ledgers…
        </button>
      )}
    </div>
  );
}

function ResetByCommand() {
  return <Instead acts={[{ does: 'Empty both ledgers', args: 'reset --yes' }]} />;
}
