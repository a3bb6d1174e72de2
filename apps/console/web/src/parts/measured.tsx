import { measured } from '../state/ledgers.js';
import { count, moneyInProse } from '../words/money.js';
import { duration } from '../words/times.js';
import { Command } from './command.js';

export function Measured() {
  const table = measured.value;
  return (
    <section class="card" aria-labelledby="measured-title">
      <h2 id="measured-title">What each delivery semantics costs, measured under the same faults</h2>
      {table === null ? (
        <p class="muted">
          Not measured on this machine yet. <Command command="npm run chapters" />
        </p>
      ) : (
        <>
          <div class="table-scroll" tabIndex={0} role="region" aria-label="Measured table">
            <table class="measured">
              <thead>
                <tr>
                  <th scope="col">Chapter</th>
                  <th scope="col" class="number">
                    Lost
                  </th>
                  <th scope="col" class="number">
                    Paid twice
                  </th>
                  <th scope="col" class="number">
                    Attempts
                  </th>
                  <th scope="col" class="number">
                    p95
                  </th>
                  <th scope="col" class="number">
                    Paid/s
                  </th>
                </tr>
              </thead>
              <tbody>
                {table.chapters.map((row) => (
                  <tr key={row.chapter}>
                    <th scope="row">
                      <Chapter number={row.chapter} name={row.name} />
                    </th>
                    <td class="number">{harm(row.lost)}</td>
                    <td class="number">{harm(row.twice)}</td>
                    <td class="number">{count(row.attempts)}</td>
                    <td class="number">{row.p95Ms === null ? '—' : duration(row.p95Ms)}</td>
                    <td class="number">{row.perSecond === null ? '—' : count(Math.round(row.perSecond))}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <details>
            <summary>The faults, and when: {table.date.slice(0, 10)}</summary>
            <ul>
              {table.faults.map((fault) => (
                <li key={fault}>{fault}</li>
              ))}
            </ul>
          </details>
        </>
      )}
    </section>
  );
}

/** "Naive: sent once, no key": what it is called, and below, smaller, what it does. */
function Chapter({ number, name }: { number: number; name: string }) {
  const [title, does] = name.split(': ');
  return (
    <>
      {number} {title}
      {does !== undefined && <span class="chapter-does">{does}</span>}
    </>
  );
}

/** "0" and "EUR 0.00" are what is wanted, and stay quiet. */
function harm(told: string) {
  const harmless = /^[A-Z]{0,3}\s*0(\.0+)?$/.test(told.trim());
  return harmless ? moneyInProse(told) : <strong class="bad">{moneyInProse(told)}</strong>;
}
