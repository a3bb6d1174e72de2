import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { PaymentLife } from '../../../src/api.js';
import { openPayment } from '../state/ledgers.js';
import { look, type Looked } from '../state/requests.js';
import { money } from '../words/money.js';
import { duration, utcDateTime, utcTime } from '../words/times.js';
import { Copied, Prose } from './command.js';
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
    void look<PaymentLife>(`/api/payments/${encodeURIComponent(id)}`).then((looked) => {
      if (openPayment.peek() === id) life.value = looked;
    });
  }, [id]);

  return (
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby="drawer-title"
      onClose={() => (openPayment.value = null)}
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
