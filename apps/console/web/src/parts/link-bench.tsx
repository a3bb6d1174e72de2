import { signal } from '@preact/signals';
import type { FaultKind, LinkName } from '@paid-once/links';
import type { BreakRequest, LinkView } from '../../../src/api.js';
import { breakLink, healLink } from '../state/requests.js';
import { about } from '../state/about.js';
import { canControl, snapshot } from '../state/snapshot.js';
import { breakArgs, faults, forArgs, presetRequest, presetTitle, type Preset } from '../words/faults.js';
import { Cli, Instead, Prose } from './command.js';

/** The link that the outbox is there for. */
export const chosenLink = signal<LinkName>('relay-rabbitmq');
const kind = signal<FaultKind>('cut');
const slowMs = signal(800);
const resetPercent = signal(30);
/** 0: until somebody heals it. */
const forSeconds = signal(0);

/** All that can be done to a link, not only the cut that the drawn one offers. */
export function LinkBench() {
  const links = snapshot.value?.links ?? [];
  if (links.length === 0) return <NoLinks />;
  const link = links.find(({ name }) => name === chosenLink.value) ?? links[0];
  if (link === undefined) return null;
  return (
    <div class="bench" role="group" aria-labelledby="bench-title">
      <h3 id="bench-title" class="unseen">
        Break a link
      </h3>
      <div class="bench-row">
        <ChooseLink links={links} chosen={link} />
        <ChooseFault />
        <FaultStrength />
        <ChooseDuration />
        <Break link={link} />
      </div>
      <p class="bench-says">
        {link.state === 'up' || link.means === null ? (
          <>{faults.find((fault) => fault.kind === kind.value)?.does}</>
        ) : (
          <>
            <strong>{link.name}</strong>: <Prose says={link.says} />. <Prose says={link.means} />
          </>
        )}
      </p>
      <Presets links={links} />
    </div>
  );
}

function NoLinks() {
  return (
    <div class="bench">
      <p class="bench-says">
        No link can be broken: Toxiproxy does not answer, so the services talk to each other directly.{' '}
        <code>npm start</code> or <code>docker compose up</code> starts it with them.
      </p>
    </div>
  );
}

function ChooseLink({ links, chosen }: { links: LinkView[]; chosen: LinkView }) {
  return (
    <label class="field">
      <span class="field-name">Link</span>
      <select
        value={chosen.name}
        onChange={(event) => (chosenLink.value = event.currentTarget.value as LinkName)}
      >
        {links.map(({ name, state }) => (
          <option key={name} value={name}>
            {state === 'up' ? name : `${name} (${state})`}
          </option>
        ))}
      </select>
    </label>
  );
}

function ChooseFault() {
  return (
    <div class="field faults" role="radiogroup" aria-labelledby="faults-title">
      <span id="faults-title" class="field-name">
        What goes wrong
      </span>
      <div class="segments">
        {faults.map((fault) => (
          <label key={fault.kind} class={kind.value === fault.kind ? 'chosen' : ''}>
            <input
              type="radio"
              name="fault"
              class="unseen"
              checked={kind.value === fault.kind}
              onChange={() => (kind.value = fault.kind)}
            />
            {fault.title}
          </label>
        ))}
      </div>
    </div>
  );
}

function FaultStrength() {
  if (kind.value === 'slow') {
    return (
      <label class="field">
        <span class="field-name">by {slowMs.value} ms</span>
        <input
          type="range"
          min="50"
          max="5000"
          step="50"
          value={slowMs.value}
          aria-valuetext={`${slowMs.value} milliseconds`}
          onInput={(event) => (slowMs.value = event.currentTarget.valueAsNumber)}
        />
      </label>
    );
  }
  if (kind.value !== 'reset') return null;
  return (
    <label class="field">
      <span class="field-name">{resetPercent.value} % of requests</span>
      <input
        type="range"
        min="5"
        max="100"
        step="5"
        value={resetPercent.value}
        aria-valuetext={`${resetPercent.value} percent`}
        onInput={(event) => (resetPercent.value = event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

function ChooseDuration() {
  return (
    <label class="field">
      <span class="field-name">For</span>
      <select
        value={String(forSeconds.value)}
        onChange={(event) => (forSeconds.value = Number(event.currentTarget.value))}
      >
        <option value="0">until healed</option>
        {[5, 10, 20, 60, 300].map((seconds) => (
          <option key={seconds} value={String(seconds)}>
            {seconds < 60 ? `${seconds} s` : `${seconds / 60} min`}
          </option>
        ))}
      </select>
    </label>
  );
}

function Break({ link }: { link: LinkView }) {
  const request = asked();
  if (!canControl.value) {
    return (
      <div class="bench-acts bench-commands">
        <Cli args={breakArgs(link.name, request)} />
        {link.state !== 'up' && <Cli args={`heal ${link.name}`} />}
      </div>
    );
  }
  return (
    <div class="bench-acts">
      <button type="button" class="bad-button" onClick={() => void breakLink(link.name, request)}>
        Break {link.name}
      </button>
      {link.state !== 'up' && (
        <button type="button" onClick={() => void healLink(link.name)}>
          Heal
        </button>
      )}
    </div>
  );
}

function Presets({ links }: { links: LinkView[] }) {
  const known = new Set(links.map(({ name }) => name));
  const presets = about.value?.presets.filter(({ link }) => known.has(link)) ?? [];
  if (presets.length === 0) return null;
  if (!canControl.value) {
    return (
      <Instead
        title="Known failures"
        acts={presets.map((preset) => ({
          does: presetTitle(preset),
          args: `break ${preset.name}${forArgs(limit().forSeconds)}`,
        }))}
      />
    );
  }
  return (
    <div class="presets" role="group" aria-label="Faults that payment systems are known to fail at">
      <span class="muted">Known failures</span>
      {presets.map((preset) => (
        <PresetButton key={preset.name} preset={preset} />
      ))}
    </div>
  );
}

function PresetButton({ preset }: { preset: Preset }) {
  const { link, means } = preset;
  return (
    <button
      type="button"
      class="small-button"
      title={`${link}: ${means}`}
      onClick={() => {
        chosenLink.value = link;
        void breakLink(link, { ...presetRequest(preset), ...limit() });
      }}
    >
      {presetTitle(preset)}
    </button>
  );
}

function asked(): BreakRequest {
  return {
    kind: kind.value,
    ...(kind.value === 'slow' ? { ms: slowMs.value } : {}),
    ...(kind.value === 'reset' ? { percent: resetPercent.value } : {}),
    ...limit(),
  };
}

function limit(): { forSeconds?: number } {
  return forSeconds.value === 0 ? {} : { forSeconds: forSeconds.value };
}
