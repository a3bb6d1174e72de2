import type { MeasuredRun, MeasuredView, Totals } from '../../../src/api.js';
import { about } from '../state/about.js';
import { measuredChapters, measuredRuns } from '../state/measured.js';
import { capital } from '../words/capital.js';
import { count, counted, money, moneyInProse, rate, sums } from '../words/money.js';
import { duration, utcDateTime, utcTime } from '../words/times.js';
import { Command } from './command.js';
import { StateMark } from './icons.js';
import { Sparkline } from './sparkline.js';

/** What each delivery semantics costs: as it was just now, on this page, and as it was under the same faults for all four. */
export function Measured() {
  const chapters = measuredChapters.value;
  return (
    <section class="card measured-card" aria-labelledby="measured-title">
      <h2 id="measured-title">Measured: what each delivery semantics costs</h2>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Measured table">
        <table class="measured" role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">
                What
              </th>
              <th role="columnheader" scope="col">
                Chapter
              </th>
              {figures.map((name) => (
                <th key={name} role="columnheader" scope="col" class="number">
                  {name}
                </th>
              ))}
              <th role="columnheader" scope="col" class="pace">
                Pace
              </th>
            </tr>
          </thead>
          <Runs runs={measuredRuns.value} />
          <Chapters view={chapters} />
        </table>
      </div>
      {chapters !== null && (
        <details>
          <summary>The faults of the four chapters, and when they strike</summary>
          <ul>
            {chapters.faults.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const figures = ['Lost', 'Paid twice', 'Attempts', 'p95', 'Paid/s'] as const;

function Runs({ runs }: { runs: readonly MeasuredRun[] }) {
  return (
    <tbody role="rowgroup">
      <GroupRow title="Runs of this console" />
      {runs.length === 0 && (
        <tr role="row">
          <td role="cell" colSpan={8} class="muted">
            None yet: each payment or file that is sent above is counted here, row by row.
          </td>
        </tr>
      )}
      {runs.map((measured) => (
        <RunRow key={`${measured.startedAt} ${measured.run.id}`} measured={measured} />
      ))}
    </tbody>
  );
}

function RunRow({ measured }: RunRowProps) {
  const { run, startedAt, chapter, outcome, notCounted, p95Ms, perSecond, pace } = measured;
  const name = about.value?.chapters.find((one) => one.chapter === chapter)?.name;
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        {run.title}
        <span class="measured-more">
          <time dateTime={startedAt} title={utcDateTime(startedAt)}>
            {utcTime(startedAt).slice(0, 8)}
          </time>{' '}
          · {run.state}
        </span>
      </th>
      <td role="cell" data-label="Chapter">
        {chapter}
        {name !== undefined && ` ${capital(name)}`}
      </td>
      <td role="cell" class="number" data-label="Lost">
        {outcome === null ? '—' : <Harm {...outcome.lost} arriving={!outcome.settled} />}
        {notCounted !== null && <span class="measured-more">not counted: {notCounted}</span>}
        {notCounted === null && outcome?.settled !== true && (
          <span class="measured-more flight">
            <StateMark mark="waiting" /> {outcome === null ? 'not counted yet' : 'still arriving'}
          </span>
        )}
      </td>
      <td role="cell" class="number" data-label="Paid twice">
        {outcome === null ? '—' : <Harm {...outcome.twice} />}
      </td>
      <Speed attempts={run.attempts} p95Ms={p95Ms} perSecond={perSecond} />
      <td role="cell" class="pace" data-label="Pace">
        <Sparkline pace={pace} />
      </td>
    </tr>
  );
}

interface RunRowProps {
  measured: MeasuredRun;
}

/** None is what is wanted, and stays quiet. */
function Harm({ count: rows, totals, arriving = false }: HarmProps) {
  if (rows === 0) return <>{money('0.00', 'EUR')}</>;
  return (
    <>
      <strong class={arriving ? 'flight' : 'bad'}>{sums(totals).join(', ')}</strong>
      <span class="measured-more">{counted(rows, 'payment')}</span>
    </>
  );
}

/** `arriving`: what is not there yet, and not lost therefore. */
interface HarmProps {
  count: number;
  totals: Totals;
  arriving?: boolean;
}

function Chapters({ view }: { view: MeasuredView | null }) {
  return (
    <tbody role="rowgroup">
      <GroupRow title="The four chapters, under the same faults" when={view?.date.slice(0, 10)} />
      {view === null ? (
        <tr role="row">
          <td role="cell" colSpan={8} class="muted">
            Not measured on this machine yet. <Command command="npm run chapters" />
          </td>
        </tr>
      ) : (
        view.chapters.map((row) => <ChapterRow key={row.chapter} row={row} />)
      )}
    </tbody>
  );
}

function ChapterRow({ row }: { row: MeasuredView['chapters'][number] }) {
  const known = about.value?.chapters.find(({ chapter }) => chapter === row.chapter);
  return (
    <tr role="row">
      <th role="rowheader" scope="row" colSpan={2}>
        {row.chapter} {capital(row.name)}
        {known !== undefined && <span class="measured-more">leaves out {known.leavesOut}</span>}
      </th>
      <td role="cell" class="number" data-label="Lost">
        <ToldHarm told={row.lost} />
      </td>
      <td role="cell" class="number" data-label="Paid twice">
        <ToldHarm told={row.twice} />
      </td>
      <Speed attempts={row.attempts} p95Ms={row.p95Ms} perSecond={row.perSecond} />
      <td role="cell" class="pace" />
    </tr>
  );
}

/** "466.00": the sample file, which was paid for this, has euros only. */
function ToldHarm({ told }: { told: string }) {
  const says = /^\d/.test(told) ? money(told, 'EUR') : moneyInProse(told);
  return /[1-9]/.test(told) ? <strong class="bad">{says}</strong> : <>{says}</>;
}

function Speed({ attempts, p95Ms, perSecond }: SpeedProps) {
  return (
    <>
      <td role="cell" class="number" data-label="Attempts">
        {count(attempts)}
      </td>
      <td role="cell" class="number" data-label="p95">
        {p95Ms === null ? '—' : duration(p95Ms)}
      </td>
      <td role="cell" class="number" data-label="Paid/s">
        {perSecond === null ? '—' : rate(perSecond)}
      </td>
    </>
  );
}

interface SpeedProps {
  attempts: number;
  p95Ms: number | null;
  perSecond: number | null;
}

function GroupRow({ title, when }: { title: string; when?: string | undefined }) {
  return (
    <tr role="row" class="measured-group">
      <th role="rowheader" scope="rowgroup" colSpan={8}>
        {title}
        {when !== undefined && (
          <span class="measured-when">
            measured on {when}, again by <code>npm run chapters</code>
          </span>
        )}
      </th>
    </tr>
  );
}
