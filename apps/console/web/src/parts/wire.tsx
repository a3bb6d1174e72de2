import type { LinkName } from '@paid-once/links';
import type { LinkView, Snapshot } from '../../../src/api.js';
import { dotsFor, pileFor } from '../state/batches.js';
import { breakLink, healLink } from '../state/requests.js';
import { batches, canControl } from '../state/snapshot.js';
import { briefly } from '../words/faults.js';
import { age } from '../words/times.js';
import { chosenLink } from './link-bench.js';
import { Cross, Half, Scissors } from './icons.js';

interface WireProps {
  name: LinkName;
  now: Snapshot | null;
  /** What to say of a link that is drawn beside the path. */
  aside?: string;
}

/** A link as it is drawn: pressing it cuts it, and a cut one shows its gap, with the money before it. */
export function Wire({ name, now, aside }: WireProps) {
  const link = now?.links.find((one) => one.name === name);
  const state = link?.state ?? 'up';
  return (
    <li class={`link link-${state}${aside === undefined ? '' : ' link-aside'}`}>
      <LinkLabel name={name} link={link} />
      <div class="wire">
        <span class="rail rail-before">
          {state === 'cut' && <Pile size={pileFor(waitingBefore(name, now))} />}
        </span>
        {link !== undefined && <CutSwitch link={link} />}
        <span class="rail rail-after" />
        {state !== 'cut' && <Dots name={name} />}
      </div>
      {link !== undefined && <LinkState link={link} />}
      {aside !== undefined && <p class="muted aside-says">{aside}</p>}
    </li>
  );
}

/** Chooses the link in the bench below, where all else can be done to it. */
function LinkLabel({ name, link }: { name: LinkName; link: LinkView | undefined }) {
  const [from, to] = name.split('-');
  const shown = (
    <>
      {from}
      {to !== undefined && (
        <>
          -<wbr />
          {to}
        </>
      )}
    </>
  );
  if (link === undefined) return <span class="link-name">{shown}</span>;
  return (
    <button
      type="button"
      class="link-name"
      aria-pressed={chosenLink.value === name}
      title={`Choose ${name} below`}
      onClick={() => {
        chosenLink.value = name;
        document.querySelector('.bench')?.scrollIntoView({ block: 'nearest' });
      }}
    >
      {shown}
    </button>
  );
}

function CutSwitch({ link: { name, state } }: { link: LinkView }) {
  const icon = state === 'cut' ? <Cross /> : state === 'hurt' ? <Half /> : <Scissors />;
  if (!canControl.value) return <span class="cut-switch told">{state !== 'up' && icon}</span>;
  return (
    <button
      type="button"
      class="cut-switch"
      aria-pressed={state === 'cut'}
      aria-label={`Cut ${name}`}
      title={state === 'cut' ? `Heal ${name}` : `Cut ${name}`}
      onClick={() => void (state === 'cut' ? healLink(name) : breakLink(name, { kind: 'cut' }))}
    >
      {icon}
    </button>
  );
}

function LinkState({ link }: { link: LinkView }) {
  if (link.state === 'up') return <p class="link-state">up</p>;
  return (
    <div class="link-state broken">
      <p title={link.says}>
        {link.faults.length === 0 ? link.says : link.faults.map(briefly).join(', ')}
        <LinkTime link={link} />
      </p>
      {canControl.value && (
        <button
          type="button"
          class="small-button"
          aria-label={`Heal ${link.name}`}
          onClick={({ currentTarget }) => {
            // This button goes with the fault; the focus must not.
            currentTarget.closest('.link')?.querySelector<HTMLElement>('.cut-switch')?.focus();
            void healLink(link.name);
          }}
        >
          Heal
        </button>
      )}
    </div>
  );
}

/** There is room for one of the two times: when it ends, if that is known. The bench below tells all. */
function LinkTime({ link: { faults, healsInSeconds } }: { link: LinkView }) {
  if (healsInSeconds !== null) return <span class="link-when">heals in {age(healsInSeconds)}</span>;
  const since = Math.max(...faults.map(({ sinceSeconds }) => sinceSeconds ?? -1));
  return since < 0 ? null : <span class="link-when">since {age(since)}</span>;
}

/** What waits because of this link, to be seen before its gap. */
function waitingBefore(name: LinkName, now: Snapshot | null): number {
  if (now === null) return 0;
  switch (name) {
    case 'payment':
    case 'payments-postgres': {
      const run = now.run;
      return run?.state === 'running' ? run.rows - run.done : 0;
    }
    case 'relay-postgres':
    case 'relay-rabbitmq':
    case 'payments-rabbitmq':
      return now.stations.outbox.pending ?? 0;
    case 'ledger-rabbitmq':
    case 'ledger-postgres':
      return now.stations.queue.underWay ?? 0;
  }
}

function Pile({ size }: { size: number }) {
  return (
    <span class="pile" aria-hidden="true">
      {Array.from({ length: size }, (_, index) => (
        <i key={index} />
      ))}
    </span>
  );
}

function Dots({ name }: { name: LinkName }) {
  return (
    <span class="dots" aria-hidden="true">
      {batches.value.flatMap(({ id, passed }) =>
        Array.from({ length: dotsFor(passed[name] ?? 0) }, (_, index) => (
          <i key={`${id} ${index}`} class={`dot-${index}`} />
        )),
      )}
    </span>
  );
}
