import { signal } from '@preact/signals';

const system = matchMedia('(prefers-color-scheme: dark)');

/** What is drawn now: the charts paint on a canvas, which follows no style sheet. */
export const theme = signal<'light' | 'dark'>(drawn());

system.addEventListener('change', () => (theme.value = drawn()));

export function toggleTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = next;
  localStorage.setItem('theme', next);
  theme.value = next;
}

function drawn(): 'light' | 'dark' {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return system.matches ? 'dark' : 'light';
}
