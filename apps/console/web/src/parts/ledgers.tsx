import { signal } from '@preact/signals';
import type { BreakName, CompareView, LedgerRow, Totals } from '../../../src/api.js';
import { breakClass, compareProblem, comparison, find, foundFor, openPayment } from '../state/ledgers.js';
import { narrow } from '../state/narrow.js';
import { ask } from '../state/requests.js';
import { canControl } from '../state/snapshot.js';
import { count, counted, money, sums } from '../words/money.js';
import { age, utcTime, utcDateTime } from '../words/times.js';
import { Cli, Prose, ShortId } from './command.js';
import { StateMark } from './icons.js';
import { ProblemNote } from './problem-note.js';

export function Ledgers() {
  const view = comparison.value;
  return (
    <section class="card ledgers" aria-labelledby="ledgers-title">
      <div class="card-head">
        <h2 id="ledgers-title">Both ledgers, payment by payment</h2>
        <Find />
      </div>
      {compareProblem.value !== null && <ProblemNote problem={compareProblem.value} />}
      {view === null ? (
        compareProblem.value === null && <p class="muted">Not compared yet.</p>
      ) : narrow.value ? (
        <Tabs view={view} />
      ) : (
        <>
          <div class="sides">
            <Side title="Payments ledger" {...view.payments} />
            <Equals view={view} />
            <Side title="Receiving ledger" {...view.ledger} />
          </div>
          <Payments view={view} show="both" />
        </>
      )}
    </section>
  );
}

/** Neither lost nor stuck: these arrive by themselves. */
const underWay: ReadonlySet<BreakName> = new Set(['inOutbox', 'inBroker']);

function Equals({ view }: { view: CompareView }) {
  const onTheirWay = view.classes.every(({ name, count: number }) => number === 0 || underWay.has(name));
  const breaks = view.classes.reduce((sum, one) => sum + one.count, 0);
  return (
    <p class={`equals ${view.agree ? 'ok' : onTheirWay ? 'flight' : 'bad'}`}>
      <span aria-hidden="true" class="equals-sign">
        {view.agree ? '=' : '≠'}
      </span>
      {view.agree ? 'agree' : onTheirWay ? `${count(breaks)} on their way` : counted(breaks, 'difference')}
    </p>
  );
}

function Side({ title, count: number, totals }: { title: string; count: number; totals: Totals }) {
  return (
    <div class="side">
      <h3>{title}</h3>
      <p class="side-count">{count(number)}</p>
      <p class="side-sums">{sums(totals).join(' · ') || '—'}</p>
    </div>
  );
}

type OneSide = 'payments' | 'ledger';
const tabs: readonly { side: OneSide; title: string }[] = [
  { side: 'payments', title: 'Payments ledger' },
  { side: 'ledger', title: 'Receiving ledger' },
];
const shownSide = signal<OneSide>('payments');

/** One ledger after the other, where there is no room for both: the same payments, with the amount that this side has. */
function Tabs({ view }: { view: CompareView }) {
  const shown = shownSide.value;
  return (
    <>
      <Equals view={view} />
      <div class="sides" role="tablist" aria-label="Which ledger" onKeyDown={chooseByKey}>
        {tabs.map(({ side, title }) => (
          <button
            key={side}
            id={`tab-${side}`}
            type="button"
            role="tab"
            class="side"
            aria-selected={shown === side}
            aria-controls="ledger-panel"
            tabIndex={shown === side ? 0 : -1}
            onClick={() => (shownSide.value = side)}
          >
            <span class="side-title">{title}</span>
            <span class="side-count">{count(view[side].count)}</span>
            <span class="side-sums">{sums(view[side].totals).join(' · ') || '—'}</span>
          </button>
        ))}
      </div>
      <div id="ledger-panel" class="ledger-panel" role="tabpanel" aria-labelledby={`tab-${shown}`}>
        <Payments view={view} show={shown} />
      </div>
    </>
  );
}

/** Of two tabs each arrow leads to the other. */
function chooseByKey(event: KeyboardEvent): void {
  const next = {
    ArrowRight: other(shownSide.value),
    ArrowLeft: other(shownSide.value),
    Home: 'payments',
    End: 'ledger',
  }[event.key];
  if (next !== 'payments' && next !== 'ledger') return;
  event.preventDefault();
  shownSide.value = next;
  document.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
}

function other(side: OneSide): OneSide {
  return side === 'payments' ? 'ledger' : 'payments';
}

interface PaymentsProps {
  view: CompareView;
  show: OneSide | 'both';
}

function Payments({ view, show }: PaymentsProps) {
  return (
    <>
      <Filters view={view} />
      {view.rows.length === 0 ? <NoRows view={view} /> : <Rows view={view} show={show} />}
      <Repair view={view} />
    </>
  );
}

function Filters({ view }: { view: CompareView }) {
  const chosen = breakClass.value;
  return (
    <div class="chips" role="group" aria-label="Which differences">
      <button type="button" aria-pressed={chosen === null} onClick={() => (breakClass.value = null)}>
        All
      </button>
      {view.classes.map(({ name, title, count: number, totals, oldestSeconds }) => (
        <button
          key={name}
          type="button"
          aria-pressed={chosen === name}
          disabled={number === 0 && chosen !== name}
          title={number === 0 ? 'none' : `${sums(totals).join(', ')}, oldest ${age(oldestSeconds)}`}
          onClick={() => (breakClass.value = chosen === name ? null : name)}
        >
          {title} <span class="chip-count">{count(number)}</span>
        </button>
      ))}
    </div>
  );
}

const findKey = /Mac|iP/.test(navigator.platform) ? '⌘ K' : 'Ctrl K';

function Find() {
  const notSearched = find.value === '' ? null : (comparison.value?.notSearched ?? null);
  return (
    <div class="find">
      <label>
        <span class="unseen">Find a payment by id, idempotency key, account or exact amount</span>
        <input
          id="find"
          type="search"
          placeholder="id, key, account or amount"
          autocomplete="off"
          spellcheck={false}
          value={find.value}
          aria-describedby="not-searched"
          onInput={(event) => (find.value = event.currentTarget.value.trim())}
          onKeyDown={(event) => {
            const only = onlyPayment(comparison.value?.rows ?? []);
            if (event.key === 'Enter' && only !== undefined) openPayment.value = only;
          }}
        />
        <kbd aria-hidden="true">{findKey}</kbd>
      </label>
      <p id="not-searched" class="muted not-searched">
        {notSearched !== null && <Prose says={notSearched} />}
      </p>
    </div>
  );
}

/** A payment and its reversal are two rows of one. */
function onlyPayment(rows: readonly LedgerRow[]): string | undefined {
  const ids = new Set(rows.map(({ paymentId }) => paymentId));
  return ids.size === 1 ? rows[0]?.paymentId : undefined;
}

function Rows({ view, show }: PaymentsProps) {
  const total =
    breakClass.value === null || foundFor.value !== ''
      ? undefined
      : view.classes.find(({ name }) => name === breakClass.value)?.count;
  return (
    <>
      <div class="table-scroll rows" tabIndex={0} role="region" aria-label="Payments on both sides">
        <table class="ledger-rows" role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                Payment
              </th>
              <th role="columnheader" scope="col" class="wide">
                UTC
              </th>
              <th role="columnheader" scope="col" class="wide">
                From, to
              </th>
              {show !== 'ledger' && (
                <th role="columnheader" scope="col" class="number">
                  In payments
                </th>
              )}
              <th role="columnheader" scope="col" class="where-cell">
                Where it is
              </th>
              {show !== 'payments' && (
                <th role="columnheader" scope="col" class="number">
                  In the ledger
                </th>
              )}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {view.rows.map((row) => (
              <Row key={`${row.paymentId} ${row.type}`} row={row} show={show} />
            ))}
          </tbody>
        </table>
      </div>
      {total !== undefined && total > view.rows.length && (
        <p class="muted">
          The oldest {count(view.rows.length)} of {count(total)}. All of them:{' '}
          <Cli args="compare --report breaks.csv" />
        </p>
      )}
    </>
  );
}

function NoRows({ view }: { view: CompareView }) {
  if (foundFor.value !== '') return <NothingFound sought={foundFor.value} />;
  const says =
    view.payments.count === 0 && view.ledger.count === 0
      ? 'Both ledgers are empty, so they agree.'
      : breakClass.value !== null
        ? 'None of this kind.'
        : 'No difference: each payment stands on both sides, once, with the same amount.';
  return <p class="muted no-rows">{says}</p>;
}

const wholeId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What to try: most of what is not found was mistyped, filtered out, or never accepted. */
function NothingFound({ sought }: { sought: string }) {
  return (
    <div class="muted no-rows">
      <p>
        Nothing is found for “<span class="sought">{sought}</span>”
        {breakClass.value === null ? '.' : ' among the differences of the chosen kind.'}
      </p>
      {breakClass.value !== null ? (
        <button type="button" class="small-button" onClick={() => (breakClass.value = null)}>
          Look in all payments
        </button>
      ) : wholeId.test(sought) ? (
        <p>
          Neither ledger has that id. If payments never answered, it may not have been accepted: look for its
          idempotency key instead, or for all that is known of it with <Cli args={`show ${sought}`} />
        </p>
      ) : (
        <p>
          Try a whole payment id, a whole idempotency key, an account as it is written, or an amount with its
          cents: 25.00
        </p>
      )}
    </div>
  );
}

function Row({ row, show }: { row: LedgerRow; show: PaymentsProps['show'] }) {
  const { paymentId, ledgerAmount, currency } = row;
  return (
    <tr role="row">
      <td role="cell">
        <button type="button" class="open-row" onClick={() => (openPayment.value = paymentId)}>
          <ShortId id={paymentId} />
        </button>
      </td>
      <td role="cell" class="wide time" title={utcDateTime(row.at)}>
        {utcTime(row.at)}
      </td>
      <td role="cell" class="wide">
        {row.src} <span class="muted">to</span> {row.dest}
      </td>
      {show !== 'ledger' && (
        <td role="cell" class="number">
          {row.class === 'unexpected' ? '—' : money(row.amount, currency)}
        </td>
      )}
      <td role="cell" class="where-cell">
        <Where row={row} />
      </td>
      {show !== 'payments' && (
        <td role="cell" class={`number${row.class === 'amountDiffers' ? ' bad' : ''}`}>
          {ledgerAmount === null ? '—' : money(ledgerAmount, currency)}
        </td>
      )}
    </tr>
  );
}

const places: Record<NonNullable<LedgerRow['class']>, { says: string; safe: boolean }> = {
  inOutbox: { says: 'in the outbox', safe: true },
  inBroker: { says: 'in RabbitMQ', safe: true },
  deadLettered: { says: 'dead letter', safe: false },
  parked: { says: 'parked', safe: false },
  missing: { says: 'missing', safe: false },
  unexpected: { says: 'unexpected', safe: false },
  duplicate: { says: 'posted more than once', safe: false },
  amountDiffers: { says: 'amount differs', safe: false },
  order: { says: 'out of order', safe: false },
};

function Where({ row }: { row: LedgerRow }) {
  const reversal = row.type === 'payment.reversed' ? 'reversal ' : '';
  if (row.class === null) {
    return (
      <span class="where ok">
        <StateMark mark="up" /> {reversal === '' ? 'both agree' : 'reversal: both agree'}
      </span>
    );
  }
  const { says, safe } = places[row.class];
  return (
    <>
      <span class={`where ${safe ? 'flight' : 'bad'}`}>
        <StateMark mark={safe ? 'waiting' : 'down'} /> {reversal}
        {says}
      </span>
      {row.detail !== null && (
        <span class="detail muted">
          <Prose says={row.detail} />
        </span>
      )}
    </>
  );
}

const repaired: ReadonlySet<BreakName> = new Set(['missing', 'parked', 'deadLettered']);

/** Only where something is left that does not arrive by itself. */
function Repair({ view }: { view: CompareView }) {
  if (!view.classes.some(({ name, count: number }) => number > 0 && repaired.has(name))) return null;
  return (
    <div class="repair">
      {canControl.value ? (
        <button type="button" onClick={() => void ask('/api/repair')}>
          Repair: replay what is missing, redrive what is parked
        </button>
      ) : (
        <Cli args="compare --repair" />
      )}
      <span class="muted">Nothing of it can pay twice: what is published again is posted once.</span>
    </div>
  );
}
