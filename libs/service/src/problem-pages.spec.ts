import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const read = (file: string) => readFileSync(join(checkout, file), 'utf8');

describe('every type of problem', () => {
  const sources = globSync('{apps,libs}/*/src/**/*.ts', {
    cwd: checkout,
    exclude: ['**/*spec.ts', '**/test/**', 'apps/cli/**', 'libs/payer/**'],
  }).map(read);
  const found = (pattern: RegExp) =>
    sources.flatMap((source) => [...source.matchAll(pattern)].map(([, slug = '']) => slug));
  const used = new Set([
    ...found(/'\/problems\/([a-z-]+)'/g),
    ...found(/FrameworkProblem\(\s*\d+,\s*'([a-z-]+)'/g),
    ...found(/\b\d{3}: \['([a-z-]+)', '/g),
    ...found(/fault\([^,()]+(?:\([^)]*\))?, '([a-z-]+)'/g),
    'amount-out-of-range',
  ]);
  const pages = globSync('docs/problems/*.md', { cwd: checkout })
    .map((file) => basename(file, '.md'))
    .filter((name) => name !== 'README');

  it('has a page of its own, and every page is of one', () => {
    expect(used.size).toBeGreaterThan(30);
    expect(pages.sort()).toEqual([...used].sort());
  });

  it.each(pages)('%s says what happened, what it means for the money, and what to do', (name) => {
    const page = read(`docs/problems/${name}.md`);
    expect(page).toMatch(/^# .+\n\n`\/problems\/[a-z-]+`, status \d{3}\n/);
    for (const part of ['What happened.', 'The money.', 'What to do.'])
      expect(page).toContain(`**${part}** `);
    const [, status] = /status (\d{3})/.exec(page) ?? [];
    expect(read('docs/problems/README.md')).toContain(`| ${status} | [\`${name}\`](${name}.md) |`);
  });
});
