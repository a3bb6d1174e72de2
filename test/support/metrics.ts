/** The names that a process declares, those of which nothing is known at the moment included. */
export async function declaredMetrics(url: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
}

/** What Prometheus would read of a process: values by name and labels, as `paid_once_ready{check="database"}`. */
export async function scrape(url: string, key?: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(5_000), // a process that is frozen never answers
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${url}/metrics is answered ${response.status}: ${text}`);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** @returns the sum over all labels that are not named */
export function total(
  metrics: ReadonlyMap<string, number>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const found = [...metrics].filter(
    ([series]) => series.replace(/\{.*/, '') === name && wanted.every((label) => series.includes(label)),
  );
  return found.length === 0 ? undefined : found.reduce((sum, [, value]) => sum + value, 0);
}
