import { linesSvg } from '../rig/lines.js';
import type { HistoryPoint } from './history-point.js';

/** What may not grow, over what does: a window's cost and the rate of draining, beside the size of the table. */
export function drawGrowth(points: HistoryPoint[]): string {
  const held = [...new Set(points.map((point) => point.held))];
  const sizes = [...new Set(points.map(({ history }) => history))];
  const panel = (title: string, figure: 'openMs' | 'perSecond' | 'tableMb') => ({
    title,
    lines: held.map((what) => ({
      label: `held open: ${what}`,
      values: points.filter((point) => point.held === what).map((point) => point[figure]),
    })),
  });
  return linesSvg(
    'Behind so many published messages',
    sizes.map((size) => size.toLocaleString('en', { notation: 'compact' })),
    [
      panel('a window opens, ms', 'openMs'),
      panel('messages drained a second', 'perSecond'),
      panel('table and indexes, MB', 'tableMb'),
    ],
  );
}
