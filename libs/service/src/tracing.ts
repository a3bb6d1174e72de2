import { Logger } from '@nestjs/common';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { tracingSettings } from './configuration.js';
import { exitOnBadSettings, readSettings } from './settings.js';
import { reasonOf, Waiting } from './waiting.js';

// One trace tells a payment's way: its request, its publishing, its posting. What travels is the W3C `traceparent`: in the
// outbox row's headers, and with them in the message. No more than OpenTelemetry's interface is loaded, and nothing
// done, unless OTEL_EXPORTER_OTLP_ENDPOINT (or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) says where spans go.

const tracer = trace.getTracer('paid-once');
let isOn = false;

export function isTracing(): boolean {
  return isOn;
}

/**
 * Begins to send spans, if somebody wants them. A trace that began elsewhere is kept if it was there.
 * @returns sends what is left, and stops
 */
export async function startTracing(service: string): Promise<() => Promise<void>> {
  const settings = exitOnBadSettings(() => readSettings(tracingSettings));
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = settings;
  if (all === undefined && own === undefined) return async () => {};
  const [sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.namespace': 'paid-once', 'service.name': service }),
    sampler: new sdk.ParentBasedSampler({
      root: new sdk.TraceIdRatioBasedSampler(settings.OTEL_TRACES_SAMPLER_ARG),
    }),
    spanLimits: { linkCountLimit: 10_000 }, // as many as a slice may have messages
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: tellingTrouble(
          new OTLPTraceExporter(),
          `the collector of traces at ${new URL(own ?? all ?? '').host}`,
        ),
        scheduledDelayMillis: 1_000,
        maxQueueSize: 20_000, // thousands end with their batch
      }),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  isOn = true;
  return () => provider.shutdown();
}

// What the collector does not take is dropped, and no payment waits for it: one line when it begins, one when it is over.
function tellingTrouble(exporter: SpanExporter, what: string): SpanExporter {
  const waiting = new Waiting(new Logger('tracing'), what);
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error) waiting.because(result.error);
        else waiting.overIfBegun();
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** @returns the context that a W3C `traceparent` names; undefined for none, and for what is none */
export function spanContextOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] =
    /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

/** @returns the id that traces are found by; undefined where `spanContextOf` is */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return spanContextOf(traceparent)?.traceId;
}

export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & 1}`;
}

/** The span of a request, as a child of what its client says. */
export function beginRequestSpan(method: string, route: string, traceparent: string | undefined): Span {
  return tracer.startSpan(
    `${method} ${route}`,
    { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'http.route': route } },
    childOf(spanContextOf(traceparent)),
  );
}

export function endRequestSpan(span: Span, status: number): void {
  span.setAttribute('http.response.status_code', status);
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

export interface TracedMessage {
  traceparent: string | undefined;
  attributes: Attributes;
}

/**
 * Traces what is done with many messages at once: one span of the batch, with a link to each message's trace, and in each of
 * these traces one of its own, so that it can be read from beginning to end.
 * @param operation of OpenTelemetry's conventions for messaging
 */
export async function tracedBatch<Result>(
  operation: { name: 'publish' | 'process'; destination: string },
  messages: () => TracedMessage[],
  work: () => Promise<Result>,
): Promise<Result> {
  if (!isOn) return work();
  const traced = messages().flatMap(({ traceparent, attributes }) => {
    const parent = spanContextOf(traceparent);
    return parent && parent.traceFlags === 1 ? [{ parent, attributes }] : [];
  });
  if (traced.length === 0) return work();
  const spans = beginBatch(operation, traced);
  try {
    return await work();
  } catch (error) {
    for (const span of spans) span.setStatus({ code: SpanStatusCode.ERROR, message: reasonOf(error) });
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}

function beginBatch(
  { name, destination }: { name: 'publish' | 'process'; destination: string },
  messages: { parent: SpanContext; attributes: Attributes }[],
): Span[] {
  const common = {
    'messaging.system': 'rabbitmq',
    'messaging.operation.name': name,
    'messaging.operation.type': name === 'publish' ? 'send' : 'process',
    'messaging.destination.name': destination,
  };
  const spanName = `${name} ${destination}`;
  const links: Link[] = messages.map(({ parent: context }) => ({ context }));
  const batch = tracer.startSpan(
    spanName,
    {
      kind: name === 'publish' ? SpanKind.CLIENT : SpanKind.CONSUMER,
      attributes: { ...common, 'messaging.batch.message_count': messages.length },
      links,
    },
    ROOT_CONTEXT,
  );
  const kind = name === 'publish' ? SpanKind.PRODUCER : SpanKind.CONSUMER;
  const each = messages.map(({ parent, attributes }) =>
    tracer.startSpan(
      spanName,
      { kind, attributes: { ...common, ...attributes }, links: [{ context: batch.spanContext() }] },
      childOf(parent),
    ),
  );
  return [batch, ...each];
}

function childOf(parent: SpanContext | undefined): Context {
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}
