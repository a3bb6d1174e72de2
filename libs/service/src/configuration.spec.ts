import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { allVariables, configurationPage, environmentExample } from './test/configuration-documents.js';

describe('the configuration', () => {
  it('says of every variable what it is for and what it takes', () => {
    const silent = allVariables.filter(({ what, takes }) => what.length < 10 || takes === '');
    expect(silent).toEqual([]);
  });

  // PAID_ONCE_RECORD_CONTRACTS=1 writes them anew.
  it.each([
    ['docs/configuration.md', configurationPage],
    ['.env.example', environmentExample],
  ])('is what %s says', (path, write) => {
    const file = new URL(`../../../${path}`, import.meta.url);
    if (process.env['PAID_ONCE_RECORD_CONTRACTS']) writeFileSync(file, write());
    expect(readFileSync(file, 'utf8')).toBe(write());
  });
});
