/** As the chapter pays: the first does not repeat what has no answer, and neither of the first two has keys. */
export function payArgs(file: string, chapter: number): string {
  const without = chapter === 1 ? ' --no-keys --no-retry' : chapter === 2 ? ' --no-keys' : '';
  return `pay ${file}${without}`;
}
