/** One line of what Prometheus reads. Labels have few values: never an id, an amount or a name that somebody gave. */
export interface Sample {
  value: number;
  labels?: Record<string, string | number>;
}

/** A metric with its samples as they are now; without samples: not known now, which is not zero. */
export interface Metric {
  /** As Prometheus wants it: `paid_once_`, base units, `_total` for what only grows. */
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  samples: Sample[];
}

/** Counts in a distribution, in the buckets that Prometheus reads. */
export interface HistogramMetric {
  name: string;
  type: 'histogram';
  help: string;
  /** The upper bound of each bucket, and how many were at most that. */
  buckets: { upTo: number; count: number }[];
  count: number;
  sum: number;
}

/** What a process can tell about itself. It is asked at each scrape, so it may cost something, and must not hang. */
export type ReadMetrics = () => Promise<(Metric | HistogramMetric)[]>;
export const METRICS = Symbol('metrics');

export function counter(name: string, help: string, ...samples: Sample[]): Metric {
  return { name, type: 'counter', help, samples };
}

export function gauge(name: string, help: string, ...samples: (Sample | undefined)[]): Metric {
  return { name, type: 'gauge', help, samples: samples.filter((sample) => sample !== undefined) };
}

/** A sample for each entry, with its name as this label. */
export function byLabel(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ value, labels: { [label]: name } }));
}

/** @returns nothing for a figure that is not known */
export function known(value: number | null | undefined, labels?: Sample['labels']): Sample | undefined {
  return value === null || value === undefined ? undefined : { value, ...(labels && { labels }) };
}
