import type { BreakName, CompareView, LedgerRow, Totals } from '../../../src/api.js';
import { breakClass, compareProblem, comparison, find, openPayment } from '../state/ledgers.js';
import { ask } from '../state/requests.js';
import { canControl } from '../state/snapshot.js';
import { count, counted, money, sums } from '../words/money.js';
import { age, utcTime, utcDateTime } from '../words/times.js';
import { Command, Prose, ShortId } from './command.js';
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
      ) : (
        <>
          <Sides view={view} />
          <Filters view={view} />
          <Rows view={view} />
        </>
      )}
    </section>
  );
}

/** Neither lost nor stuck: these arrive by themselves. */
const underWay: ReadonlySet<BreakName> = new Set(['inOutbox', 'inBroker']);

function Sides({ view }: { view: CompareView }) {
  const onTheirWay = view.classes.every(({ name, count: number }) => number === 0 || underWay.has(name));
  const breaks = view.classes.reduce((sum, one) => sum + one.count, 0);
  return (
    <div class="sides">
      <Side title="Payments ledger" {...view.payments} />
      <p class={`equals ${view.agree ? 'ok' : onTheirWay ? 'flight' : 'bad'}`}>
        <span aria-hidden="true" class="equals-sign">
          {view.agree ? '=' : '≠'}
        </span>
        {view.agree ? 'agree' : onTheirWay ? `${count(breaks)} on their way` : counted(breaks, 'difference')}
      </p>
      <Side title="Receiving ledger" {...view.ledger} />
    </div>
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

function Find() {
  return (
    <label class="find">
      <span class="unseen">Find a payment by id, idempotency key or exact amount</span>
      <input
        id="find"
        type="search"
        placeholder="id, key or amount"
        value={find.value}
        onInput={(event) => (find.value = event.currentTarget.value.trim())}
        onKeyDown={(event) => {
          const only = comparison.value?.rows.length === 1 ? comparison.value.rows[0] : undefined;
          if (event.key === 'Enter' && only !== undefined) openPayment.value = only.paymentId;
        }}
      />
      <kbd aria-hidden="true">Ctrl K</kbd>
    </label>
  );
}

function Rows({ view }: { view: CompareView }) {
  if (view.rows.length === 0) return <NoRows view={view} />;
  const total =
    breakClass.value === null ? undefined : view.classes.find(({ name }) => name === breakClass.value)?.count;
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
              <th role="columnheader" scope="col" class="number">
                In payments
              </th>
              <th role="columnheader" scope="col" class="where-cell">
                Where it is
              </th>
              <th role="columnheader" scope="col" class="number">
                In the ledger
              </th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {view.rows.map((row) => (
              <Row key={`${row.paymentId} ${row.type}`} row={row} />
            ))}
          </tbody>
        </table>
      </div>
      {total !== undefined && total > view.rows.length && (
        <p class="muted">
          The oldest {count(view.rows.length)} of {count(total)}. All of them:{' '}
          <Command command="npx paid-once compare --report breaks.csv" />
        </p>
      )}
      <Repair view={view} />
    </>
  );
}

function NoRows({ view }: { view: CompareView }) {
  const says =
    find.value !== ''
      ? `No payment has “${find.value}” in its id or key, or as its exact amount.`
      : view.payments.count === 0 && view.ledger.count === 0
        ? 'Both ledgers are empty, so they agree.'
        : breakClass.value !== null
          ? 'None of this kind.'
          : 'No difference: each payment stands on both sides, once, with the same amount.';
  return <p class="muted no-rows">{says}</p>;
}

function Row({ row }: { row: LedgerRow }) {
  const amount = money(row.amount, row.currency);
  return (
    <tr role="row">
      <td role="cell">
        <button type="button" class="open-row" onClick={() => (openPayment.value = row.paymentId)}>
          <ShortId id={row.paymentId} />
        </button>
      </td>
      <td role="cell" class="wide time" title={utcDateTime(row.at)}>
        {utcTime(row.at)}
      </td>
      <td role="cell" class="wide">
        {row.src} <span class="muted">to</span> {row.dest}
      </td>
      <td role="cell" class="number">
        {row.class === 'unexpected' ? '—' : amount}
      </td>
      <td role="cell" class="where-cell">
        <Where row={row} />
      </td>
      <td role="cell" class="number">
        {ledgerSide(row, amount)}
      </td>
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
  duplicate: { says: 'posted twice', safe: false },
  amountDiffers: { says: 'amount differs', safe: false },
  order: { says: 'out of order', safe: false },
};

function Where({ row }: { row: LedgerRow }) {
  const reversal = row.type === 'payment.reversed' ? 'reversal ' : '';
  if (row.class === null) {
    return (
      <span class="where ok">
        <StateMark mark="up" /> {reversal}on both sides
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

function ledgerSide({ class: kind }: LedgerRow, amount: string): string {
  switch (kind) {
    case null:
    case 'unexpected':
    case 'order':
      return amount;
    case 'duplicate':
      return `${amount}, twice`;
    case 'amountDiffers':
      return 'another';
    case 'inOutbox':
    case 'inBroker':
    case 'deadLettered':
    case 'parked':
    case 'missing':
      return '—';
  }
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
        <Command command="npx paid-once compare --repair" />
      )}
      <span class="muted">Nothing of it can pay twice: what is published again is posted once.</span>
    </div>
  );
}
