import { signal } from '@preact/signals';

/** Where two ledgers do not fit beside each other. The same width as in the style sheets. */
const media = matchMedia('(max-width: 899px)');

export const narrow = signal(media.matches);

media.addEventListener('change', () => (narrow.value = media.matches));
