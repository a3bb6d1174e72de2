import { parseArgs } from 'node:util';

export interface Flags {
  host: string;
  port: number;
  config: string | undefined;
  version: boolean;
  seed: bigint | undefined;
  hosts: Record<string, string>;
}

/**
 * Toxiproxy's flags, with one dash or two as Go takes them, and one of our own: `-upstream-host payment=127.0.0.1:9080`
 * says where a host name of an upstream really is.
 * @throws TypeError for an unknown flag, a missing value, or a port or seed that is none
 */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: args.map((argument) => argument.replace(/^-(?=[a-z])/, '--')),
    options: {
      host: { type: 'string', default: 'localhost' },
      port: { type: 'string', default: '8474' },
      config: { type: 'string' },
      version: { type: 'boolean', default: false },
      seed: { type: 'string' },
      'upstream-host': { type: 'string', multiple: true, default: [] },
      // Taken and ignored: these have no counterpart here.
      'proxy-metrics': { type: 'boolean' },
      'runtime-metrics': { type: 'boolean' },
    },
  });
  const { host, config, version } = values;
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new TypeError(`-port ${values.port} is no port`);
  if (values.seed !== undefined && !/^-?\d{1,19}$/.test(values.seed))
    throw new TypeError(`-seed ${values.seed} is no whole number`);
  const seed = values.seed === undefined ? undefined : BigInt(values.seed);
  return {
    host,
    port,
    config,
    version,
    seed,
    hosts: Object.fromEntries(values['upstream-host'].map(asPair)),
  };
}

function asPair(text: string): [name: string, host: string] {
  const [, name, host] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || host === undefined)
    throw new TypeError(`-upstream-host ${text} is not NAME=HOST or NAME=HOST:PORT`);
  return [name, host];
}
