import type { DataSourceOptions } from 'typeorm';

// Left to itself the planner takes a sequential scan when no visibility map is there (an old snapshot is held
// somewhere) or statistics are stale: seconds instead of a millisecond. JIT alone adds 180 ms to a slice of 1 ms.
const plans = '-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off';

/** The options of a data source, as the relay's session needs them. */
export function relaySession<Options extends DataSourceOptions>(options: Options): Options {
  const extra = (options.extra ?? {}) as { options?: string };
  return { ...options, extra: { ...extra, options: `${extra.options ?? ''} ${plans}` } };
}
