import { about } from '../state/about.js';
import { ask } from '../state/requests.js';
import { canControl, snapshot, snapshotAge, snapshotsPerSecond, stream } from '../state/snapshot.js';
import { helpOpen } from '../state/keys.js';
import { theme, toggleTheme } from '../state/theme.js';
import { capital } from '../words/capital.js';
import { age } from '../words/times.js';
import { Instead } from './command.js';
import { Chevron, Logo, Moon, StateMark, Sun } from './icons.js';

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
          <FiguresAge />
        </p>
      );
    case 'connecting':
    case 'paused':
      return (
        <p class="live">
          <StateMark mark="none" />
          {stream.value === 'paused' ? 'paused' : 'connecting…'}
          <FiguresAge />
        </p>
      );
  }
}

function FiguresAge() {
  if (snapshot.value === null) return null;
  return <span class="muted">figures are {age(snapshotAge.value)} old</span>;
}

/** Shown in lab mode only; where it cannot be switched, the chapter is told with the commands that would. */
function Chapters() {
  const now = snapshot.value?.mode.chapter ?? null;
  if (now === null) return null;
  const chapters = about.value?.chapters ?? [now];
  if (!canControl.value) {
    return (
      <details class="chapter-told">
        <summary>
          Chapter {now.chapter}: {capital(now.name)} <Chevron />
        </summary>
        <Instead
          acts={chapters.map(({ chapter, name }) => ({ does: capital(name), args: `chapter ${chapter}` }))}
        />
      </details>
    );
  }
  return (
    <div class="segments chapters" role="group" aria-label="Chapter">
      {chapters.map(({ chapter, name, leavesOut }) => (
        <button
          key={chapter}
          type="button"
          aria-pressed={now.chapter === chapter}
          title={`leaves out ${leavesOut}`}
          onClick={() => void (now.chapter === chapter || ask('/api/chapter', { chapter }))}
        >
          {chapter} <span class="chapter-name">{capital(name)}</span>
        </button>
      ))}
    </div>
  );
}
