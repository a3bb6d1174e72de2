import { ask } from '../state/requests.js';
import { canControl, snapshot, snapshotAge, snapshotsPerSecond, stream } from '../state/snapshot.js';
import { helpOpen } from '../state/keys.js';
import { theme, toggleTheme } from '../state/theme.js';
import { age } from '../words/times.js';
import { Logo, Moon, StateMark, Sun } from './icons.js';

const chapters = [
  { chapter: 1, name: 'Naive' },
  { chapter: 2, name: 'At least once' },
  { chapter: 3, name: 'With a key' },
  { chapter: 4, name: 'Exactly once' },
] as const;

export function Header() {
  return (
    <header class="top">
      <h1 class="name">
        <Logo />
        paid once
      </h1>
      <Live />
      <Chapters />
      <div class="top-end">
        <button
          type="button"
          class="icon-button large"
          aria-label={theme.value === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
          onClick={toggleTheme}
        >
          {theme.value === 'dark' ? <Sun /> : <Moon />}
        </button>
        <button
          type="button"
          class="icon-button large"
          aria-label="Help and keys"
          onClick={() => (helpOpen.value = true)}
        >
          <span aria-hidden="true" class="question">
            ?
          </span>
        </button>
      </div>
    </header>
  );
}

function Live() {
  switch (stream.value) {
    case 'live':
      return (
        <p class="live live-on">
          <StateMark mark="up" />
          live <span class="muted">{snapshotsPerSecond.value}/s</span>
        </p>
      );
    case 'lost':
      return (
        <p class="live live-lost">
          <StateMark mark="waiting" />
          reconnecting…
          {snapshot.value !== null && <span class="muted">figures are {age(snapshotAge.value)} old</span>}
        </p>
      );
    case 'connecting':
    case 'paused':
      return (
        <p class="live">
          <StateMark mark="none" />
          {stream.value === 'paused' ? 'paused' : 'connecting…'}
        </p>
      );
  }
}

/** Shown in lab mode only; where it cannot be switched, the chapter is told and nothing looks like a button. */
function Chapters() {
  const chapter = snapshot.value?.mode.chapter ?? null;
  if (chapter === null) return null;
  if (!canControl.value) {
    return (
      <p class="chapter-told">
        Chapter {chapter.chapter}: {chapter.name}
      </p>
    );
  }
  return (
    <div class="segments chapters" role="group" aria-label="Chapter">
      {chapters.map(({ chapter: number, name }) => (
        <button
          key={number}
          type="button"
          aria-pressed={chapter.chapter === number}
          onClick={() => void (chapter.chapter === number || ask('/api/chapter', { chapter: number }))}
        >
          {number} <span class="chapter-name">{name}</span>
        </button>
      ))}
    </div>
  );
}
