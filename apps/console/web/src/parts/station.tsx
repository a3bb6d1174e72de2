import type { Health, ProcessView, Snapshot } from '../../../src/api.js';
import { StateMark, type Mark } from './icons.js';
import { ProcessMenu } from './process-menu.js';
import { processesAt, type Station } from './stations.js';

const marks: Record<Health['health'], Mark> = { up: 'up', waiting: 'waiting', down: 'down' };

export function StationBox({ station }: { station: Station }) {
  const { name, title, health, number, unit, sums, notes, share, processes } = station;
  return (
    <li class={`station station-${name}`}>
      <div class="station-head">
        <h3>{title}</h3>
        {health !== null && (
          <span class={`health health-${health.health}`}>
            <StateMark mark={marks[health.health]} />
            {!isTold(health) && <span class="health-word">{health.health}</span>}
          </span>
        )}
      </div>
      <p class="station-number" data-digits={number?.length ?? 1}>
        {number ?? '—'}
      </p>
      <p class="station-unit">{unit}</p>
      <Share name={name} share={share} />
      <div class="station-more">
        {sums.map((sum) => (
          <p key={sum} class="station-sum">
            {sum}
          </p>
        ))}
        {notes.map(({ says, growing, bad }) => (
          <p key={says} class={`station-note${growing === true ? ' warn' : bad === true ? ' bad' : ''}`}>
            {growing === true && <StateMark mark="growing" />}
            {bad === true && <StateMark mark="down" />}
            {says}
          </p>
        ))}
        {health !== null && isTold(health) && (
          <p class={`station-note says ${health.health === 'down' ? 'bad' : 'warn'}`} title={health.says}>
            {health.health}: {inShort(health.says)}
          </p>
        )}
      </div>
      <Processes processes={processes} />
    </li>
  );
}

/** Then the word stands with the reason: beside the name there is no room for it. */
function isTold(health: Health): health is Health & { says: string } {
  return health.health !== 'up' && health.says !== null;
}

/** "RabbitMQ is down" of "RabbitMQ is down: 127.0.0.1:5672: connect ECONNREFUSED": the rest is told above, and on hover. */
function inShort(says: string): string {
  const [first = says, second] = says.split(': ');
  const isAddress = /^\S+:\d+$/.test(first);
  return (isAddress && second !== undefined ? second : first).replace(/\.$/, '');
}

/** Between the outbox and the queue: no money rests in it, so it is drawn smaller. */
export function Relay({ now }: { now: Snapshot | null }) {
  const processes = processesAt('relay', now);
  return (
    <li class="station station-relay">
      <div class="station-head">
        <h3>Relay</h3>
      </div>
      <p class="station-unit">publishes</p>
      <div class="station-more" />
      <Processes processes={processes} />
    </li>
  );
}

function Processes({ processes }: { processes: ProcessView[] }) {
  return (
    <div class="station-processes">
      {processes.map((process) => (
        <ProcessMenu key={process.name} process={process} />
      ))}
    </div>
  );
}

/** How much of all money is here. An SVG, because a width in percent would be an inline style. */
function Share({ name, share }: { name: string; share: number | null }) {
  return (
    <svg class={`share share-${name}`} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="share-track" width="100" height="4" />
      {share !== null && share > 0 && <rect class="share-part" width={Math.max(2, share * 100)} height="4" />}
    </svg>
  );
}
