import type { DataSourceOptions } from 'typeorm';

/**
 * Opening a window over a backlog of millions looks at each of its rows once, and must not fail for that: it would
 * fail for ever. Milliseconds, for the server; other statements are bounded by the pool's own timer on our side.
 */
export const windowTimeoutMs = 60_000;

// Left to itself the planner takes a sequential scan when no visibility map is there (an old snapshot is held
// somewhere) or statistics are stale: seconds instead of a millisecond. JIT alone adds 180 ms to a slice of 1 ms.
const plans = '-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off';

/** The options of a data source, as the relay's session needs them. */
export function relaySession<Options extends DataSourceOptions>(options: Options): Options {
  const extra = (options.extra ?? {}) as { options?: string };
  return {
    ...options,
    extra: { ...extra, statement_timeout: windowTimeoutMs, options: `${extra.options ?? ''} ${plans}` },
  };
}
