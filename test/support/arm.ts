import type { FaultPoint } from '@paid-once/service';

/** In lab mode: the process behind this URL dies the next time it comes by that point. */
export async function arm(url: string, point: FaultPoint): Promise<void> {
  const response = await fetch(`${url}/lab/crash`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ point }),
  });
  if (response.status !== 202) throw new Error(`${point} is not armed: ${response.status}`);
}
