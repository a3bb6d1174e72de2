// `npm run alerts`: that Prometheus takes the rules, that each alert is silent while all is well, fires for its fault and
// clears when that is over, and that the page exists that it sends people to. promtool comes with Debian's package
// prometheus; it is installed where it is missing.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ensurePrometheus } from '../dist/libs/infrastructure/src/install-prometheus.js';
import { faults } from '../observability/prometheus/alert-faults.mjs';

const checkout = join(import.meta.dirname, '..');
const file = join(checkout, 'observability/prometheus/alerts.yml');
const rules = parse(readFileSync(file, 'utf8')).groups.flatMap((group) => group.rules);

const { promtool } = await ensurePrometheus(
  (line) => console.error(line),
  process.env.PAID_ONCE_INSTALL === 'never' ? 'never' : 'auto',
);

const problems = [];
for (const { alert, annotations } of rules) {
  if (!existsSync(join(checkout, annotations.runbook_url)))
    problems.push(`${alert}: no ${annotations.runbook_url}`);
  if (!faults.some((fault) => fault.alert === alert))
    problems.push(`${alert}: no fault is known that it fires for`);
}
for (const { alert } of faults)
  if (!rules.some((rule) => rule.alert === alert)) problems.push(`${alert}: there is no such alert`);
if (problems.length > 0) throw new Error(problems.join('\n'));

// Samples every 30 s: well for five minutes, the fault for twenty, well for an hour.
const phases = { well: 9, fault: 39, again: 119 };
const at = { before: '4m', during: '20m', after: '80m' };

function valuesOf({ well, fault, grows }) {
  if (grows) return `0x${phases.well} 0+${grows}x${phases.fault} ${grows * phases.fault}x${phases.again}`;
  return `${well}x${phases.well} ${fault}x${phases.fault} ${well}x${phases.again}`;
}

function testOf({ alert, series, labels = {}, summary }) {
  const { labels: ownLabels, annotations } = rules.find((rule) => rule.alert === alert);
  const fires = {
    exp_labels: { ...ownLabels, ...labels },
    exp_annotations: { ...annotations, summary },
  };
  return {
    name: alert,
    interval: '30s',
    input_series: series.map(({ name, ...values }) => ({ series: name, values: valuesOf(values) })),
    alert_rule_test: Object.entries(at).map(([when, eval_time]) => ({
      eval_time,
      alertname: alert,
      exp_alerts: when === 'during' ? [fires] : [],
    })),
  };
}

const directory = mkdtempSync(join(tmpdir(), 'paid-once-alerts-'));
try {
  const tests = join(directory, 'test.json'); // JSON is YAML
  writeFileSync(tests, JSON.stringify({ rule_files: [file], tests: faults.map(testOf) }));
  for (const args of [
    ['check', 'rules', file],
    ['test', 'rules', tests],
  ])
    execFileSync(promtool, args, { stdio: 'inherit' });
  console.log(`${rules.length} alerts: each is silent, fires and clears`);
} catch {
  console.error(
    'An alert does not do what observability/prometheus/alert-faults.mjs expects of it: see above.',
  );
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true });
}
