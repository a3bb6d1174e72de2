import type { LinkName } from '@paid-once/links';
import { Cli } from './command.js';
import { LinkBench } from './link-bench.js';
import { Relay, StationBox } from './station.js';
import { Wire } from './wire.js';
import { sendOne } from '../state/requests.js';
import { canControl, snapshot } from '../state/snapshot.js';
import { stationOf, type StationName } from './stations.js';

type Part = { station: StationName } | { link: LinkName } | { relay: true };

/** A payment's way, from left to right or from top to bottom. */
const path: readonly Part[] = [
  { station: 'client' },
  { link: 'payment' },
  { station: 'payments' },
  { link: 'payments-postgres' },
  { station: 'outbox' },
  { link: 'relay-postgres' },
  { relay: true },
  { link: 'relay-rabbitmq' },
  { station: 'queue' },
  { link: 'ledger-rabbitmq' },
  { station: 'inbox' },
  { link: 'ledger-postgres' },
  { station: 'ledger' },
];

export function Pipeline() {
  const now = snapshot.value;
  const empty = now?.verdict.kind === 'empty';
  return (
    <section
      class={`card pipeline-card${empty || now === null ? ' nothing-yet' : ''}`}
      aria-labelledby="pipeline-title"
    >
      <div class="card-head">
        <h2 id="pipeline-title">Where every payment is</h2>
        {empty && <Begin />}
      </div>
      <ol class="pipeline">
        {path.map((part) => {
          if ('station' in part)
            return <StationBox key={part.station} station={stationOf(part.station, now)} />;
          if ('relay' in part) return <Relay key="relay" now={now} />;
          return <Wire key={part.link} name={part.link} now={now} />;
        })}
        <DualWrite />
      </ol>
      {now !== null && <LinkBench />}
    </section>
  );
}

function Begin() {
  return (
    <p class="begin">
      Nothing was paid yet.{' '}
      {canControl.value ? (
        <button type="button" class="main-button" onClick={() => void sendOne()}>
          Send one
        </button>
      ) : (
        <Cli args="pay payments.csv" />
      )}
    </p>
  );
}

/** The first chapter's way past the outbox: drawn only where it exists and is used, or broken. */
function DualWrite() {
  const now = snapshot.value;
  const link = now?.links.find(({ name }) => name === 'payments-rabbitmq');
  if (now === null || link === undefined) return null;
  if (now.mode.chapter?.chapter !== 1 && link.state === 'up') return null;
  return (
    <Wire
      name="payments-rabbitmq"
      now={now}
      aside="past the outbox, straight to the queue: the first chapter’s dual write"
    />
  );
}
