import { ask } from '../state/requests.js';
import { breakClass, dead } from '../state/ledgers.js';
import { canControl, snapshot } from '../state/snapshot.js';
import { counted, sums } from '../words/money.js';
import { age } from '../words/times.js';
import { Cli, Prose } from './command.js';
import type { DeadView } from '../../../src/api.js';

export function Dead() {
  const view = dead.value;
  return (
    <section class="card dead" aria-labelledby="dead-title">
      <h2 id="dead-title">Dead letters</h2>
      {view === null && <p class="muted">{snapshot.value === null ? 'Not known yet.' : 'Looking…'}</p>}
      {view?.count === 0 && (
        <>
          <p class="muted">None: nothing was given up on either side.</p>
          <p class="muted">
            What RabbitMQ refuses again and again, and what the ledger cannot post, is set aside here by its
            reason. It is not lost: redriving tries it again, under its own message id.
          </p>
        </>
      )}
      {view !== null && view.count > 0 && (
        <ul class="groups">
          {view.groups.map((group) => (
            <Group key={`${group.side} ${group.reason}`} group={group} />
          ))}
        </ul>
      )}
      {view !== null && view.groups.length > 1 && <RedriveAll count={view.count} />}
    </section>
  );
}

function Group({ group }: { group: DeadView['groups'][number] }) {
  const { side, reason, means, helps, count, totals, oldestSeconds } = group;
  return (
    <li>
      <h3>
        {counted(count, 'message')} · {sums(totals).join(', ')}
      </h3>
      <p>
        <code>{reason}</code>{' '}
        <span class="muted">
          {side === 'outbox' ? 'given up by the relay' : 'parked by the ledger'}, oldest {age(oldestSeconds)}
        </span>
      </p>
      <p>
        <Prose says={means} />
      </p>
      <p class="muted">
        <Prose says={helps} />
      </p>
      <div class="acts">
        {canControl.value ? (
          <button
            type="button"
            class="small-button"
            onClick={() => void ask('/api/dead/redrive', { reason })}
          >
            Redrive {counted(count, 'message')}
          </button>
        ) : (
          <Cli args={`dead redrive ${reason} --why "…"`} />
        )}
        <button
          type="button"
          class="small-button quiet"
          onClick={() => {
            breakClass.value = side === 'outbox' ? 'deadLettered' : 'parked';
            document.querySelector('.ledgers')?.scrollIntoView();
          }}
        >
          Show one by one<span class="unseen">: {reason}</span>
        </button>
      </div>
    </li>
  );
}

function RedriveAll({ count }: { count: number }) {
  return (
    <div class="acts redrive-all">
      {canControl.value ? (
        <button type="button" onClick={() => void ask('/api/dead/redrive', { all: true })}>
          Redrive all {counted(count, 'message')}
        </button>
      ) : (
        <Cli args='dead redrive --all --why "…"' />
      )}
    </div>
  );
}
