import { points } from '../state/snapshot.js';
import { backlogFinding, latencyFinding, throughputFinding } from '../words/findings.js';
import { rate, count } from '../words/money.js';
import { duration } from '../words/times.js';
import { Chart, type ChartProps } from './chart.js';

const perSecond = (value: number) => `${rate(value)}/s`;

const charts: readonly (Omit<ChartProps, 'points' | 'finding'> & {
  finding: (now: typeof points.value) => string;
})[] = [
  {
    id: 'backlog',
    title: 'Backlog',
    finding: backlogFinding,
    none: 'How much waits is not known: payments does not answer.',
    stepped: true,
    log: false,
    write: count,
    lines: [
      { name: 'outbox', ink: 'outbox', of: (point) => point.outbox },
      { name: 'queue', ink: 'queue', dashed: true, of: (point) => point.queue },
    ],
  },
  {
    id: 'throughput',
    title: 'Throughput',
    finding: throughputFinding,
    none: 'The first second is still being counted.',
    // Between the lines lies what was accepted and is not posted yet: the money under way.
    tinted: true,
    log: false,
    write: perSecond,
    lines: [
      { name: 'accepted', ink: 'payments', of: (point) => point.acceptedPerSecond },
      { name: 'posted', ink: 'ledger', dashed: true, of: (point) => point.postedPerSecond },
    ],
  },
  {
    id: 'latency',
    title: 'From request to transfer',
    finding: latencyFinding,
    none: 'A payment is timed when it is posted, and in the last five minutes none was.',
    log: true,
    write: duration,
    lines: [
      { name: 'p50', ink: 'payments', of: (point) => point.p50 },
      { name: 'p95', ink: 'ledger', of: (point) => point.p95 },
      { name: 'p99', ink: 'outbox', dashed: true, of: (point) => point.p99 },
    ],
  },
];

export function Charts() {
  return (
    <section class="card charts" aria-labelledby="charts-title">
      <h2 id="charts-title">The last five minutes</h2>
      {charts.map(({ finding, ...chart }) => (
        <Chart key={chart.id} {...chart} points={points.value} finding={finding(points.value)} />
      ))}
    </section>
  );
}
