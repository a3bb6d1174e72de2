import { networkInterfaces } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { isThisMachine } from './container-engine.js';

describe('isThisMachine', () => {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = all.filter(({ family }) => family === 'IPv4'); // a link-local one of IPv6 needs its interface's name

  it.each(['localhost', ...own.map(({ address }) => address)])('knows its own address %s', async (host) => {
    expect(await isThisMachine(host)).toBe(true);
  });

  it.each(['192.0.2.254', 'docker.example.invalid'])('takes %j for another machine', async (host) => {
    expect(await isThisMachine(host)).toBe(false);
  });
});
