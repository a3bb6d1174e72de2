import { signal } from '@preact/signals';
import { breakLink, healAll, sendOne, sendThousand } from './requests.js';
import { brokenLinks, canControl, runs, snapshot } from './snapshot.js';

/** Off for those who dictate or whose hands shake: a stray letter would pay (WCAG 2.1.4). */
export const singleKeys = signal(localStorage.getItem('single-keys') !== 'off');
export const helpOpen = signal(false);

export function keepSingleKeys(on: boolean): void {
  singleKeys.value = on;
  localStorage.setItem('single-keys', on ? 'on' : 'off');
}

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.key === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      document.querySelector<HTMLDialogElement>('dialog[open]')?.close();
      document.querySelector<HTMLInputElement>('#find')?.focus();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !singleKeys.value) return;
    if (typing(event.target) || document.querySelector('dialog[open]') !== null) return;
    const act = actions[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

const actions: Record<string, (() => void) | undefined> = {
  '?': () => (helpOpen.value = true),
  s: () => void (canControl.value && !runs.value && sendOne()),
  m: () => void (canControl.value && !runs.value && sendThousand()),
  h: () => void (canControl.value && brokenLinks.value.length > 0 && healAll()),
  b: () => {
    const link = snapshot.value?.links.find(({ name }) => name === 'relay-rabbitmq');
    if (canControl.value && link?.state === 'up') void breakLink(link.name, { kind: 'cut' });
  },
};

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea, [contenteditable]');
}
