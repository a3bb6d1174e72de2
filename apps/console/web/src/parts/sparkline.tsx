import { count } from '../words/money.js';

const width = 96;
const height = 24;
const widestBar = 8;

/** How a run went, second by second. As bars: of a run of one second a line would show nothing. */
export function Sparkline({ pace }: { pace: readonly number[] }) {
  const first = pace[0];
  const last = pace.at(-1);
  if (first === undefined || last === undefined) return <>—</>;
  const most = Math.max(1, ...pace);
  const step = Math.min(widestBar, width / pace.length);
  return (
    <svg
      class="sparkline"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Rows paid over time: ${count(first)} at first, at most ${count(most)}, ${count(last)} at last`}
    >
      {pace.map((rows, index) => {
        // None paid is seen, too, as a line.
        const high = Math.max(1, (rows / most) * height);
        return (
          <rect
            key={index}
            x={index * step}
            y={height - high}
            width={Math.max(1, step - 0.5)}
            height={high}
          />
        );
      })}
    </svg>
  );
}
