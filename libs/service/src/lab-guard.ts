import { armFaultPoint, faultPoints, isFaultPoint } from './fault-points.js';
import { BadSettings, type ServiceSettings } from './settings.js';

/**
 * What only lab mode may do is refused here, before anything starts.
 * @throws BadSettings a fault point is set outside lab mode or does not exist
 */
export function applyLabSettings(settings: ServiceSettings): void {
  const point = settings.PAID_ONCE_CRASH_AT;
  if (point === undefined) return;
  const variable = 'PAID_ONCE_CRASH_AT';
  if (!settings.PAID_ONCE_LAB)
    throw new BadSettings([{ variable, fault: 'is for lab mode only; unset it, or set PAID_ONCE_LAB=true' }]);
  if (!isFaultPoint(point))
    throw new BadSettings([{ variable, fault: `is no crash point; there are ${faultPoints.join(', ')}` }]);
  armFaultPoint(point);
}
