import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { AttentionView, Snapshot, Verdict as VerdictView } from '../../../src/api.js';
import { healAll } from '../state/requests.js';
import { brokenLinks, canControl, snapshot, stream } from '../state/snapshot.js';
import { moneyInProse } from '../words/money.js';
import { age } from '../words/times.js';
import { Cli, Command, Prose } from './command.js';
import { StateMark, type Mark } from './icons.js';
import { Key } from './key.js';

const looks: Record<VerdictView['kind'], { mark: Mark; word: string }> = {
  empty: { mark: 'none', word: 'empty' },
  agree: { mark: 'up', word: 'agree' },
  'under-way': { mark: 'waiting', word: 'under way' },
  stuck: { mark: 'growing', word: 'stuck' },
  differ: { mark: 'down', word: 'differ' },
  unknown: { mark: 'none', word: 'not known' },
};

export function Verdict() {
  const now = snapshot.value;
  return (
    <section class={`card verdict verdict-${now?.verdict.kind ?? 'unknown'}`} aria-labelledby="verdict-title">
      <h2 id="verdict-title" class="unseen">
        Verdict
      </h2>
      <Announced />
      {now === null ? <NotYet /> : <Sentence {...now} />}
      {now !== null && <Attention parts={now.attention} />}
      {now !== null && <ChapterNote {...now} />}
    </section>
  );
}

function NotYet() {
  return (
    <div class="verdict-line">
      <StateMark mark="none" />
      <p class="verdict-says muted">
        {stream.value === 'lost'
          ? 'The console does not answer yet. It is asked again every few seconds.'
          : 'Asking both ledgers…'}
      </p>
    </div>
  );
}

function Sentence({ verdict, mode }: Snapshot) {
  const look = looks[verdict.kind];
  return (
    <>
      <div class="verdict-line">
        <StateMark mark={look.mark} />
        <p class="verdict-says">
          <span class="unseen">{look.word}: </span>
          <Prose says={verdict.says} />
        </p>
        <HealAll />
      </div>
      {verdict.helps !== null && (
        <p class="verdict-helps">
          <Prose says={verdict.helps} />
        </p>
      )}
      {mode.control === 'none' && (
        <p class="verdict-helps">
          Read-only: <Prose says={mode.whyNot ?? 'nothing can be controlled from here.'} />
        </p>
      )}
      {mode.control === 'key' && <Key whyNot={mode.whyNot ?? ''} />}
    </>
  );
}

function HealAll() {
  const broken = brokenLinks.value.length;
  if (broken === 0) return null;
  if (!canControl.value) return <Cli args="heal --all" />;
  return (
    <button type="button" class="main-button" onClick={() => void healAll()}>
      {broken === 1 ? 'Heal the link' : `Heal all ${broken} links`}
    </button>
  );
}

function Attention({ parts }: { parts: AttentionView[] }) {
  if (parts.length === 0) return null;
  return (
    <ul class="attention" aria-label="What is not as it should be">
      {parts.map((part) => (
        <li key={part.says}>
          <StateMark mark={part.byItself ? 'waiting' : 'growing'} />
          <div class="attention-says">
            <span>
              <Prose says={part.says} />{' '}
              <span class="muted">
                {part.seconds !== null && `${age(part.seconds)} · `}
                {part.byItself ? 'over when its cause is' : 'a person decides'}
              </span>
            </span>
            {part.command !== null && <Command command={part.command} />}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Only while something is left out: in chapter 4 there is nothing to warn of. */
function ChapterNote({ mode: { chapter } }: Snapshot) {
  if (chapter === null || chapter.chapter === 4) return null;
  return (
    <p class="chapter-note">
      <strong>
        Chapter {chapter.chapter}, {chapter.name}
      </strong>
      , leaves out {chapter.leavesOut}: <Prose says={chapter.shows} />.
    </p>
  );
}

/** Four sentences a second cannot be listened to. */
const announceEveryMs = 5_000;

function Announced() {
  const said = useSignal('');
  const lastSaid = useRef(0);
  const current = useComputed(() => moneyInProse(snapshot.value?.verdict.says ?? ''));
  const sentence = current.value;
  useEffect(() => {
    if (sentence === '' || sentence === said.value) return;
    const wait = Math.max(0, lastSaid.current + announceEveryMs - Date.now());
    // The wait counts from the last announcement, so a sentence that changes all the time is still said.
    const timer = setTimeout(() => {
      lastSaid.current = Date.now();
      said.value = sentence;
    }, wait);
    return () => clearTimeout(timer);
  }, [sentence]);
  return (
    <p class="unseen" role="status">
      {said.value}
    </p>
  );
}
