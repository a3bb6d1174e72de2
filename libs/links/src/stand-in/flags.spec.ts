import { describe, expect, it } from '@jest/globals';
import { readFlags } from './flags.js';

const defaults = {
  host: 'localhost',
  port: 8474,
  config: undefined,
  version: false,
  seed: undefined,
  hosts: {},
};

describe('readFlags', () => {
  it.each([
    [[], defaults],
    [
      ['-host=0.0.0.0', '-port', '9', '-config=a.json'],
      { ...defaults, host: '0.0.0.0', port: 9, config: 'a.json' },
    ],
    [['--host', '::1', '--port=9'], { ...defaults, host: '::1', port: 9 }],
    [['-seed=1', '-proxy-metrics', '-runtime-metrics', '-version'], { ...defaults, version: true, seed: 1n }],
    [['--seed=-1795341600000000000'], { ...defaults, seed: -1795341600000000000n }],
    [['-upstream-host', 'payment=127.0.0.1:9080'], { ...defaults, hosts: { payment: '127.0.0.1:9080' } }],
  ])('reads %j', (args, flags) => {
    expect(readFlags(args)).toEqual(flags);
  });
  it.each([[['-port=x']], [['-port=65536']], [['-seed=x']], [['-what']], [['-upstream-host=x']]])(
    'refuses %j',
    (args) => {
      expect(() => readFlags(args)).toThrow(/-(port|seed|what|upstream-host)/);
    },
  );
});
