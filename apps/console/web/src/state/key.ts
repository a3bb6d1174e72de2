import { signal } from '@preact/signals';

/** The API key that somebody gave this page, once it was found good: in its memory only, and gone when it is closed. */
export const givenKey = signal<string | null>(null);
