import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Point } from '../../../src/api.js';
import { theme } from '../state/theme.js';
import { utcTime } from '../words/times.js';
import { draw, type Drawn } from './draw.js';

/** One line of a chart. `ink` names its colour; every second one is dashed, for those who cannot tell the colours apart. */
export interface Line {
  name: string;
  ink: 'payments' | 'ledger' | 'outbox' | 'queue';
  dashed?: boolean;
  of: (point: Point) => number | null;
}

export interface ChartProps {
  id: string;
  title: string;
  finding: string;
  lines: readonly Line[];
  points: readonly Point[];
  log: boolean;
  stepped?: boolean;
  tinted?: boolean;
  write: (value: number) => string;
  /** Why there is nothing to draw, when there is not a single value. */
  none: string;
}

export function Chart(props: ChartProps) {
  const { id, title, finding, lines, points, write, none } = props;
  const asTable = useSignal(false);
  const known = lines.some(({ of }) => points.some((point) => of(point) !== null));
  return (
    <figure class="chart" aria-labelledby={`${id}-title`}>
      <figcaption class="chart-head">
        <h3 id={`${id}-title`}>
          <span class="chart-title">{title}</span> {finding}
        </h3>
        {known && (
          <button
            type="button"
            class="small-button quiet"
            aria-pressed={asTable.value}
            onClick={() => (asTable.value = !asTable.value)}
          >
            {asTable.value ? 'Show as chart' : 'Show as table'}
            <span class="unseen">: {title}</span>
          </button>
        )}
      </figcaption>
      {known ? (
        asTable.value ? (
          <PointTable title={title} lines={lines} points={points} write={write} />
        ) : (
          <Canvas {...props} />
        )
      ) : (
        <p class="chart-none muted">{points.length === 0 ? 'Nothing was measured yet.' : none}</p>
      )}
    </figure>
  );
}

function Canvas(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn>(undefined);
  const readout = useSignal('');
  const ink = theme.value;

  useEffect(() => {
    if (place.current === null) return;
    const chart = draw(place.current, props, (index) => (readout.value = read(props, chart, index)));
    drawn.current = chart;
    chart.show(props.points);
    const resized = new ResizeObserver(() => chart.fit());
    resized.observe(place.current);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
    // The colours are painted: another theme is another drawing.
  }, [ink]);

  useEffect(() => drawn.current?.show(props.points), [props.points]);

  return (
    <div class="chart-place">
      <div ref={place} class={`canvas canvas-${props.id}`} aria-hidden="true" />
      <p class="readout">{readout.value}</p>
    </div>
  );
}

function read({ lines, write }: ChartProps, chart: Drawn, index: number | null): string {
  const point = index === null ? undefined : chart.pointAt(index);
  if (point === undefined) return '';
  const values = lines.map(({ name, of }) => {
    const value = of(point);
    return `${name} ${value === null ? '—' : write(value)}`;
  });
  return [utcTime(point.at).slice(0, 8), ...values].join('  ·  ');
}

function PointTable({
  title,
  lines,
  points,
  write,
}: Pick<ChartProps, 'title' | 'lines' | 'points' | 'write'>) {
  return (
    <div class="table-scroll point-table" tabIndex={0} role="region" aria-label={`${title}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">UTC</th>
            {lines.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
            <th scope="col">Broken</th>
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map((point) => (
            <tr key={point.at}>
              <td class="time">{utcTime(point.at).slice(0, 8)}</td>
              {lines.map(({ name, of }) => {
                const value = of(point);
                return (
                  <td key={name} class="number">
                    {value === null ? '—' : write(value)}
                  </td>
                );
              })}
              <td>{point.broken.join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
