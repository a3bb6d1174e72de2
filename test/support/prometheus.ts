import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePrometheus, freePorts, startOnLifeline, type RunningProcess } from '@paid-once/infrastructure';

interface Alert {
  labels: Record<string, string>;
  state: 'pending' | 'firing';
}

/** Three seconds where people are given minutes. A probe of the loop goes around every five minutes: that stays. */
export function hurried(rules: string): string {
  return rules
    .replaceAll(/\bfor: \d+[sm]/g, 'for: 1s')
    .replaceAll(/\[\d+m\]/g, '[3s]')
    .replaceAll(/((?:oldest_age|progress_age|open_transaction)_seconds\)) > \d+/g, '$1 > 3');
}

/** A real Prometheus that looks at these processes twice a second, with our rules. */
export class Prometheus {
  private constructor(
    private readonly process: RunningProcess,
    private readonly url: string,
    private readonly directory: string,
  ) {}

  static async start(targets: Record<string, string>): Promise<Prometheus> {
    const { program } = await ensurePrometheus(
      (line) => process.stderr.write(`${line}\n`),
      process.env['PAID_ONCE_INSTALL'] === 'never' ? 'never' : 'auto',
    );
    const directory = await mkdtemp(join(tmpdir(), 'paid-once-prometheus-'));
    const rules = new URL('../../observability/prometheus/alerts.yml', import.meta.url);
    await writeFile(join(directory, 'alerts.yml'), hurried(await readFile(rules, 'utf8')));
    await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(configuration(targets))); // JSON is YAML
    const [port] = await freePorts(1);
    const server = await startOnLifeline({
      name: 'prometheus',
      command: [
        program,
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      cwd: directory,
      env: {},
      gentleSignal: 'SIGTERM',
    });
    return new Prometheus(server, `http://127.0.0.1:${port}`, directory);
  }

  /** The names of the alerts that fire now, and how they are labelled: `NotReady check=database instance=relay`. */
  async firing(): Promise<string[]> {
    const answer = await fetch(`${this.url}/api/v1/alerts`).catch(() => undefined);
    if (answer?.status !== 200) return ['Prometheus is not there yet'];
    const { data } = (await answer.json()) as { data: { alerts: Alert[] } };
    return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => nameOf(labels));
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await rm(this.directory, { recursive: true });
  }
}

const notTold = new Set(['alertname', 'severity', 'job']);

function nameOf(labels: Record<string, string>): string {
  const told = Object.entries(labels).filter(([label]) => !notTold.has(label));
  return [labels['alertname'], ...told.map(([label, value]) => `${label}=${value}`).sort()].join(' ');
}

/**
 * A process whose database hangs answers after two seconds, which is soon for a Prometheus that looks every fifteen, and
 * too late for this one: a second look, which waits for longer, asks for readiness alone.
 */
function configuration(targets: Record<string, string>): object {
  const jobs = Object.entries(targets).map(([instance, url]) => ({
    targets: [new URL(url).host],
    labels: { instance },
  }));
  return {
    global: { evaluation_interval: '500ms' },
    rule_files: ['alerts.yml'],
    scrape_configs: [
      { job_name: 'paid-once', scrape_interval: '500ms', scrape_timeout: '500ms', static_configs: jobs },
      {
        job_name: 'patient',
        scrape_interval: '3s',
        scrape_timeout: '3s',
        static_configs: jobs,
        metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'paid_once_ready', action: 'keep' }],
      },
    ],
  };
}
