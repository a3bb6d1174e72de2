import { armFaultPoint, faultPoints, isFaultPoint } from './fault-points.js';
import type { ServiceSettings } from './configuration.js';
import { BadSettings } from './settings.js';

const loopback = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/**
 * What only lab mode may do, and where lab mode may be, is decided here, before anything starts.
 * @throws BadSettings lab mode beyond loopback; outside it a password that everybody knows, or a fault point; a fault
 *   point that does not exist
 */
export function applyLabSettings(settings: ServiceSettings): void {
  const known = settings.PAID_ONCE_LAB ? undefined : Object.entries(settings).find(isDefaultPassword)?.[0];
  if (known !== undefined)
    throw refusal(
      known,
      "has RabbitMQ's default password, which everybody knows; give the one of setup's user",
    );
  const { PAID_ONCE_LAB: lab, PAID_ONCE_HOST: host, PAID_ONCE_LAB_NETWORK: network } = settings;
  if (lab && !loopback.test(host) && network !== 'container')
    throw refusal(
      'PAID_ONCE_HOST',
      'is not loopback, and lab mode lets anybody who reaches it delete all payments; unset it, or unset PAID_ONCE_LAB',
    );
  const point = settings.PAID_ONCE_CRASH_AT;
  if (point === undefined) return;
  if (!lab) throw refusal('PAID_ONCE_CRASH_AT', 'is for lab mode only; unset it, or set PAID_ONCE_LAB=true');
  if (!isFaultPoint(point))
    throw refusal('PAID_ONCE_CRASH_AT', `is no crash point; there are ${faultPoints.join(', ')}`);
  armFaultPoint(point);
}

function isDefaultPassword([, value]: [string, unknown]): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  return url?.username === 'guest' && url.password === 'guest';
}

function refusal(variable: string, fault: string): BadSettings {
  return new BadSettings([{ variable, fault }]);
}
