import { computed, effect, signal } from '@preact/signals';
import type { AboutView } from '../../../src/api.js';
import { look } from './requests.js';
import { stream } from './snapshot.js';

/** What does not change while the console runs: asked for once, and again with each connection until it was told. */
export const about = signal<AboutView | null>(null);

/** In a checkout a command begins otherwise than in containers. */
export const commandBegins = computed(() => about.value?.command ?? 'paid-once');

/** A command as it is typed here. */
export function cli(rest: string): string {
  return `${commandBegins.value} ${rest}`;
}

export function learnAbout(): void {
  effect(() => {
    if (stream.value === 'paused' || about.peek() !== null) return;
    void look<AboutView>('/api/about').then((looked) => {
      if ('answer' in looked) about.value = looked.answer;
    });
  });
}
