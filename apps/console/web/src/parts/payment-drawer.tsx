import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PaymentLife } from '../../../src/api.js';
import { comparison, openPayment, openPaymentIsStuck } from '../state/ledgers.js';
import { ask, done, look, problem, type Looked } from '../state/requests.js';
import { canControl } from '../state/snapshot.js';
import { money } from '../words/money.js';
import { duration, utcDateTime, utcTime } from '../words/times.js';
import { Cli, Copied, Prose } from './command.js';
import { Cross } from './icons.js';
import { ProblemNote } from './problem-note.js';

/** One payment's life. A modal <dialog>: the browser keeps the focus in it, and gives it back. */
export function PaymentDrawer() {
  const dialog = useRef<HTMLDialogElement>(null);
  const life = useSignal<Looked<PaymentLife> | null>(null);
  const id = openPayment.value;

  useEffect(() => {
    if (id === null) return;
    life.value = null;
    dialog.current?.showModal();
  }, [id]);

  // Looked up again with each comparison: those come when something moved, and this payment may be what did.
  useEffect(() => {
    if (id === null) return;
    void look<PaymentLife>(`/api/payments/${encodeURIComponent(id)}`).then((looked) => {
      if (openPayment.peek() === id) life.value = looked;
    });
  }, [id, comparison.value]);

  return (
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby="drawer-title"
      onClose={() => {
        openPayment.value = null;
        // The browser gives the focus back, unless the row has gone meanwhile: it arrived.
        if (document.activeElement === document.body) document.querySelector<HTMLElement>('#find')?.focus();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div class="drawer-body">
        <div class="drawer-head">
          <h2 id="drawer-title">One payment’s life</h2>
          <button
            type="button"
            class="icon-button large"
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <Cross />
          </button>
        </div>
        {id !== null && (
          <Copied text={id} what="the payment id">
            <span class="id whole">{id}</span>
          </Copied>
        )}
        {life.value === null && <p class="muted">Looking it up…</p>}
        {life.value !== null && 'answer' in life.value && <Life life={life.value.answer} />}
        {life.value !== null && 'problem' in life.value && <ProblemNote problem={life.value.problem} />}
      </div>
    </dialog>
  );
}

/** What came of it is told here: all else is out of reach while the drawer is open. */
function Redrive({ id }: { id: string }) {
  const asked = useSignal<'no' | 'done' | 'refused'>('no');
  useEffect(() => {
    asked.value = 'no';
  }, [id]);
  return (
    <div class="redrive">
      {openPaymentIsStuck.value &&
        (canControl.value ? (
          <button
            type="button"
            class="main-button"
            onClick={() =>
              void ask('/api/dead/redrive', { payment: id }).then(
                (did) => (asked.value = did ? 'done' : 'refused'),
              )
            }
          >
            Redrive this payment
          </button>
        ) : (
          <Cli args={`dead redrive ${id} --why "…"`} />
        ))}
      <p role="status">{asked.value === 'done' && <Prose says={done.value} />}</p>
      {asked.value === 'refused' && problem.value !== null && (
        <div role="alert">
          <ProblemNote problem={problem.value} />
        </div>
      )}
    </div>
  );
}

function Life({ life }: { life: PaymentLife }) {
  const { amount, currency } = life;
  return (
    <>
      <p class="life-amount">
        {amount === null || currency === null ? 'amount not known' : money(amount, currency)}
      </p>
      <p>
        {life.src ?? '?'} <span class="muted">to</span> {life.dest ?? '?'}
        {life.status !== null && <span class="life-status">{life.status}</span>}
      </p>
      <Redrive id={life.paymentId} />
      {life.events.map((event) => (
        <section key={`${event.type} ${event.messageIds.join()}`} class="life-event">
          <h3>
            <code>{event.type}</code>
          </h3>
          <p class="life-now">
            <Prose says={event.now} />
          </p>
          <ol class="steps">
            {event.steps.map((step) => (
              <li key={`${step.at} ${step.what}`}>
                <div class="step-head">
                  <strong>{step.what}</strong>
                  <time dateTime={step.at} title={utcDateTime(step.at)}>
                    {utcTime(step.at)}
                  </time>
                  <span class="step-after">{step.afterMs === null ? '' : `+${duration(step.afterMs)}`}</span>
                </div>
                <p class="muted">
                  <Prose says={step.detail} />
                  {step.by !== null && ` · by ${step.by}`}
                  {step.why !== null && ` · why: ${step.why}`}
                </p>
              </li>
            ))}
          </ol>
          <h4>{event.messageIds.length === 1 ? 'Message id' : 'Message ids'}</h4>
          {event.messageIds.map((messageId) => (
            <p key={messageId}>
              <Copied text={messageId} what="the message id">
                <span class="id whole">{messageId}</span>
              </Copied>
            </p>
          ))}
        </section>
      ))}
      <h3>Look it up yourself</h3>
      <Copied text={life.curl} what="as curl">
        <code class="curl">{life.curl}</code>
      </Copied>
    </>
  );
}
