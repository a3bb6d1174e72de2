import { isFree, portHolder } from '@paid-once/infrastructure';
import type { CliSettings } from '../settings.js';
import { bad, ok, type Finding } from './finding.js';

/**
 * Whether a start could listen.
 * @param isOurs whether what listens there is this checkout's own, running system
 */
export async function ofPorts(ports: CliSettings['ports'], isOurs: boolean): Promise<Finding[]> {
  const findings = Object.entries(ports).map(async ([name, port]): Promise<Finding> => {
    const what = `port ${port}`;
    if (await isFree(port)) return ok(what, `free, for ${name}`);
    const holder = await portHolder(port);
    const by = holder === undefined ? 'another process' : `${holder.name} (process ${holder.pid})`;
    if (isOurs) return ok(what, `${name} listens there`);
    return bad(
      what,
      `is taken by ${by}, and ${name} could not listen`,
      `Stop that, or set PAID_ONCE_${name.toUpperCase()}_PORT.`,
    );
  });
  return Promise.all(findings);
}
