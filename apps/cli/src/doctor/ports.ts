import type { CliSettings } from '../settings.js';
import { takenBy } from '../stack/check-ports.js';
import { bad, ok, type Finding } from './finding.js';

/**
 * Whether a start could listen.
 * @param isOurs whether what listens there is a running system of ours
 */
export async function ofPorts(ports: CliSettings['ports'], isOurs: boolean): Promise<Finding[]> {
  const findings = Object.entries(ports).map(async ([name, port]): Promise<Finding> => {
    const what = `port ${port}`;
    const by = await takenBy(port);
    if (by === undefined) return ok(what, `free, for ${name}`);
    if (isOurs) return ok(what, `${name} listens there`);
    return bad(
      what,
      `is taken by ${by}, and ${name} could not listen`,
      `Stop that, or set PAID_ONCE_${name.toUpperCase()}_PORT.`,
    );
  });
  return Promise.all(findings);
}
