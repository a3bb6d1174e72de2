import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { collectDefaultMetrics, Registry, type Metric as PrometheusMetric } from 'prom-client';
import { Answers } from './api-answers.js';
import { READINESS_CHECKS, type ReadinessChecks } from './health.controller.js';
import { gauge, METRICS, type HistogramMetric, type Metric, type ReadMetrics } from './metrics.js';
import { pause } from './pause.js';

/** A scrape is given up by Prometheus after ten seconds; what has not answered by then is down, or not told. */
const patienceMs = 2_000;

/** What takes longer than a scrape, such as counting ten million rows that wait, is told by the next ones, for so long. */
const staleMs = 60_000;

let node: Registry | undefined;
/** Of this process, once, however many applications it runs. */
function ofNode(): Registry {
  if (node === undefined) collectDefaultMetrics({ register: (node = new Registry()) });
  return node;
}

const example = `# HELP paid_once_ready Whether this is there: 1, or 0
# TYPE paid_once_ready gauge
paid_once_ready{check="database"} 1
`;

interface Read {
  metrics: Awaited<ReturnType<ReadMetrics>>;
  at: number;
}

@ApiTags('health')
@Controller('metrics')
export class MetricsController {
  private reading: Promise<Read> | undefined;
  private last: Read | undefined;

  constructor(
    @Inject(METRICS) private readonly read: ReadMetrics,
    @Inject(READINESS_CHECKS) private readonly checks: ReadinessChecks,
  ) {}

  /** What Prometheus reads. Of what is not known at the moment, such as a table of a database that is away, nothing is told. */
  @Get()
  @Answers({ 'of a process': example }, { contentType: 'text/plain' })
  async metrics(@Res() reply: FastifyReply): Promise<void> {
    const registry = new Registry();
    const own = await Promise.all([this.readiness(), this.own()]);
    for (const metric of own.flat()) registry.registerMetric(asPrometheus(metric));
    const text = await Registry.merge([ofNode(), registry]).metrics();
    await reply.header('content-type', registry.contentType).send(text);
  }

  private async own(): Promise<Read['metrics']> {
    this.reading ??= this.readNow().finally(() => (this.reading = undefined));
    const read = (await inTime(this.reading, undefined)) ?? this.last;
    return read && performance.now() - read.at < staleMs ? read.metrics : [];
  }

  private async readNow(): Promise<Read> {
    const metrics = await this.read();
    return (this.last = { metrics, at: performance.now() });
  }

  private async readiness(): Promise<Metric[]> {
    const samples = Object.entries(this.checks).map(async ([check, run]) => ({
      value: await inTime(
        run().then(
          () => 1,
          () => 0,
        ),
        0,
      ),
      labels: { check },
    }));
    const help = 'Whether this is there: 1, or 0. GET /health/ready says why not';
    return [gauge('paid_once_ready', help, ...(await Promise.all(samples)))];
  }
}

function inTime<Value>(work: Promise<Value>, otherwise: Value): Promise<Value> {
  const over = new AbortController();
  const late = pause(patienceMs, over.signal).then(() => otherwise);
  return Promise.race([work, late]).finally(() => over.abort());
}

// The registry asks each of its metrics for this; ours have their samples at hand.
function asPrometheus(metric: Metric | HistogramMetric): PrometheusMetric {
  const { name, help, type } = metric;
  const values = metric.type === 'histogram' ? valuesOf(metric) : metric.samples;
  const get = () => Promise.resolve({ name, help, type, values, aggregator: 'sum' });
  return { name, help, type, get } as unknown as PrometheusMetric;
}

function valuesOf({ name, buckets, count, sum }: HistogramMetric) {
  return [
    ...buckets.map(({ upTo, count: within }) => ({
      metricName: `${name}_bucket`,
      labels: { le: upTo },
      value: within,
    })),
    { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}
