// `node scripts/dashboard.mjs [--check]`: writes the Grafana dashboard, a row for each station of a payment's way; with
// --check fails if the committed one is another.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const file = join(import.meta.dirname, '../observability/grafana/paid-once.json');

const perSecond = (metric, by) => `sum by (${by}) (rate(${metric}[$__rate_interval]))`;
const rows = [
  {
    title: 'Do the ledgers agree?',
    panels: [
      panel('stat', 'Difference, minor units', 'paid_once_ledger_difference_minor_units', '{{currency}}'),
      panel('stat', 'Not ready', 'sum by (instance, check) (paid_once_ready == 0)', '{{instance}} {{check}}'),
      panel('stat', 'Alerts', 'ALERTS{alertstate="firing"}', '{{alertname}}'),
      panel(
        'stat',
        'Last probe around the loop',
        'max by (shard) (paid_once_loop_age_seconds)',
        'shard {{shard}}',
        's',
      ),
    ],
  },
  {
    title: 'Payments',
    panels: [
      panel(
        'timeseries',
        'Requests a second, by outcome',
        perSecond('paid_once_payments_requests_total', 'outcome'),
        '{{outcome}}',
      ),
      panel('timeseries', 'In hand', 'sum(paid_once_payments_in_hand)', 'in hand'),
      panel(
        'timeseries',
        'Connections to the database',
        'sum by (state) (paid_once_database_connections)',
        '{{state}}',
      ),
    ],
  },
  {
    title: 'Outbox',
    panels: [
      panel('timeseries', 'Waiting', 'max by (shard) (paid_once_outbox_pending)', 'shard {{shard}}'),
      panel(
        'timeseries',
        'Age of the oldest',
        'max by (shard) (paid_once_outbox_oldest_age_seconds)',
        'shard {{shard}}',
        's',
      ),
      panel(
        'timeseries',
        'Oldest open transaction',
        'max(paid_once_outbox_open_transaction_seconds)',
        'open',
        's',
      ),
      panel('stat', 'Dead letters', 'sum(max by (shard) (paid_once_outbox_dead_letters))', 'given up'),
    ],
  },
  {
    title: 'Relay',
    panels: [
      panel(
        'timeseries',
        'Published a second, by outcome',
        perSecond('paid_once_relay_published_total', 'outcome'),
        '{{outcome}}',
      ),
      panel(
        'timeseries',
        'Confirms outstanding',
        'sum by (instance) (paid_once_relay_confirms_outstanding)',
        '{{instance}}',
      ),
      panel('timeseries', 'Shards owned', 'sum by (instance) (paid_once_relay_owned_shards)', '{{instance}}'),
      panel('stat', 'Found missing, published again', 'sum(paid_once_repair_missing_total)', 'messages'),
    ],
  },
  {
    title: 'Queue',
    panels: [
      panel('timeseries', 'Ready', 'max by (queue) (paid_once_queue_messages)', '{{queue}}'),
      panel('timeseries', 'Consumers', 'max by (queue) (paid_once_queue_consumers)', '{{queue}}'),
    ],
  },
  {
    title: 'Inbox',
    panels: [
      panel(
        'timeseries',
        'Duplicates absorbed a second, by cause',
        perSecond('paid_once_duplicates_total', 'cause'),
        '{{cause}}',
      ),
      panel('timeseries', 'Parked', 'max by (reason) (paid_once_ledger_parked)', '{{reason}}'),
    ],
  },
  {
    title: 'Ledger',
    panels: [
      panel(
        'timeseries',
        'Posted a second',
        'sum(rate(paid_once_ledger_posted_total[$__rate_interval]))',
        'posted',
      ),
      panel(
        'timeseries',
        'End to end, p50 p95 p99',
        [0.5, 0.95, 0.99].map(
          (share) =>
            `histogram_quantile(${share}, sum by (le) (rate(paid_once_end_to_end_seconds_bucket[$__rate_interval])))`,
        ),
        ['p50', 'p95', 'p99'],
        's',
      ),
      panel(
        'timeseries',
        'Payments in a transaction',
        'sum(rate(paid_once_ledger_posted_total[$__rate_interval])) / sum(rate(paid_once_ledger_batches_total[$__rate_interval]))',
        'payments',
      ),
    ],
  },
  {
    title: 'Processes',
    panels: [
      panel(
        'timeseries',
        'Processor time',
        'sum by (instance) (rate(process_cpu_seconds_total[$__rate_interval]))',
        '{{instance}}',
        's',
      ),
      panel('timeseries', 'Memory', 'process_resident_memory_bytes', '{{instance}}', 'bytes'),
      panel('timeseries', 'Event loop lag, p99', 'nodejs_eventloop_lag_p99_seconds', '{{instance}}', 's'),
      panel('stat', 'Retention fails', 'sum by (instance) (paid_once_retention_failing)', '{{instance}}'),
      panel(
        'timeseries',
        'Removed a second',
        perSecond('paid_once_retention_removed_total', 'what'),
        '{{what}}',
      ),
    ],
  },
];

function panel(type, title, expressions, legends, unit = 'short') {
  const [exprs, names] = [[expressions].flat(), [legends].flat()];
  return {
    type,
    title,
    datasource: { type: 'prometheus', uid: '${datasource}' },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: exprs.map((expr, index) => ({
      refId: String.fromCharCode(65 + index),
      expr,
      legendFormat: names[index],
    })),
  };
}

const [screenWidth, panelHeight] = [24, 7];
let [id, y] = [0, 0];
const panels = rows.flatMap(({ title, panels: inRow }) => {
  const row = { id: ++id, type: 'row', title, gridPos: { x: 0, y: y++, w: screenWidth, h: 1 }, panels: [] };
  const width = Math.floor(screenWidth / inRow.length);
  const placed = inRow.map((each, index) => ({
    id: ++id,
    ...each,
    gridPos: { x: index * width, y, w: width, h: panelHeight },
  }));
  y += panelHeight;
  return [row, ...placed];
});

const dashboard = {
  uid: 'paid-once',
  title: 'paid-once',
  tags: ['paid-once'],
  schemaVersion: 39,
  refresh: '5s',
  time: { from: 'now-15m', to: 'now' },
  templating: {
    list: [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }],
  },
  panels,
};
const text = await format(JSON.stringify(dashboard), { ...(await resolveConfig(file)), parser: 'json' });

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error(
    'observability/grafana/paid-once.json is not what scripts/dashboard.mjs makes: run it, and commit that',
  );
  process.exitCode = 1;
}
