import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Point } from '../../../src/api.js';
import type { ChartProps } from './chart.js';
import { inkOf } from './ink.js';

const secondsShown = 300;
/** Where the lines' names stand, at the end of each: with their last value, unless that leaves no room for the line. */
const labelWidth = (plot: uPlot) => (isNarrow(plot) ? 62 : 104);
const isNarrow = (plot: uPlot) => plot.width < 420;
const fontStack = '"Inter Variable", system-ui, sans-serif';

export interface Drawn {
  show(points: readonly Point[]): void;
  fit(): void;
  pointAt(index: number): Point | undefined;
  destroy(): void;
}

/** Paints one chart with uPlot. `pointed` hears which point the shared cursor is at. */
export function draw(place: HTMLElement, chart: ChartProps, pointed: (index: number | null) => void): Drawn {
  let points: readonly Point[] = [];
  const inks = chart.lines.map(({ ink }) => inkOf(place, ink));
  const muted = inkOf(place, 'muted');
  const grid = inkOf(place, 'line');
  const warn = inkOf(place, 'warn');
  const font = `12px ${fontStack}`;

  const plot = new uPlot(
    {
      width: Math.max(120, place.clientWidth),
      height: place.clientHeight,
      padding: [18, labelWidth, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: 'last-five-minutes' },
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
      },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
      scales: {
        x: { range: () => shownRange(points) },
        y: chart.log
          ? { distr: 3, range: (_, min, max) => decades(min, max) }
          : { range: (_, __, max) => [0, niceTop(max)] },
      },
      axes: [
        {
          stroke: muted,
          font,
          grid: { show: false },
          ticks: { show: false },
          size: 22,
          space: 52,
          // Whole minutes: seconds are not written, so a tick between two would repeat the one before it.
          incrs: [60, 120, 300],
          values: (_, ticks) => ticks.map(clock),
        },
        {
          stroke: muted,
          font,
          grid: { stroke: grid, width: 1, ...(chart.log ? { filter: wholeDecades } : {}) },
          // Payments come whole, and half a payment a second is told by the line's name.
          ...(chart.log ? { filter: wholeDecades } : { incrs: wholeSteps }),
          ticks: { show: false },
          size: (plot) => (isNarrow(plot) ? 48 : 58),
          gap: 6,
          space: chart.log ? 22 : 34,
          values: (_, ticks) => ticks.map((tick) => axisValue(chart, tick)),
        },
      ],
      series: [
        {},
        ...chart.lines.map((line, index): uPlot.Series => ({
          stroke: inks[index] ?? muted,
          width: 1.75,
          points: { show: false },
          ...(line.dashed === true ? { dash: [5, 3] } : {}),
          ...(chart.stepped === true && uPlot.paths.stepped !== undefined
            ? { paths: uPlot.paths.stepped({ align: 1 }) }
            : {}),
        })),
      ],
      ...(chart.tinted === true
        ? {
            bands: [
              { series: [1, 2], fill: faint(inks[0] ?? muted) },
              { series: [2, 1], fill: faint(inks[1] ?? muted) },
            ] satisfies uPlot.Band[],
          }
        : {}),
      hooks: {
        drawClear: [(plot) => shadeBroken(plot, points, warn, font)],
        draw: [(plot) => nameLines(plot, chart, inks, font)],
        setCursor: [(plot) => pointed(plot.cursor.idx ?? null)],
      },
    },
    columns(chart, points),
    place,
  );

  return {
    show: (next) => {
      points = next;
      plot.setData(columns(chart, points));
    },
    fit: () => {
      const width = Math.max(120, place.clientWidth);
      const height = place.clientHeight;
      if (width !== plot.width || height !== plot.height) plot.setSize({ width, height });
    },
    pointAt: (index) => points[index],
    destroy: () => plot.destroy(),
  };
}

function columns({ lines, log }: ChartProps, points: readonly Point[]): uPlot.AlignedData {
  return [
    points.map((point) => Date.parse(point.at) / 1_000),
    // A logarithm has no zero: what is quicker than a tenth of a millisecond is drawn as one.
    ...lines.map(({ of }) =>
      points.map((point) => {
        const value = of(point);
        return log && value !== null ? Math.max(0.1, value) : value;
      }),
    ),
  ];
}

function shownRange(points: readonly Point[]): [number, number] {
  const last = points.at(-1);
  const now = (last === undefined ? Date.now() : Date.parse(last.at)) / 1_000;
  return [now - secondsShown, now];
}

function decades(min: number | null, max: number | null): [number, number] {
  const low = 10 ** Math.floor(Math.log10(min ?? 1));
  const high = 10 ** Math.ceil(Math.log10(max ?? 1_000));
  return [low, Math.max(high, low * 100)];
}

function niceTop(max: number | null): number {
  return Math.max(4, (max ?? 0) * 1.15);
}

const wholeSteps = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();

/** Of a decade's ten lines the first is enough. */
function wholeDecades(_: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((tick) => (Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6) ? tick : null));
}

function clock(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(11, 16);
}

function axisValue({ log, write }: ChartProps, tick: number | null): string {
  if (tick === null) return '';
  if (log) return tick >= 1_000 ? `${tick / 1_000} s` : `${tick} ms`;
  return write(tick);
}

/** While a link is broken, its time is shaded and named: a rise without its cause explains nothing. */
function shadeBroken(plot: uPlot, points: readonly Point[], warn: string, font: string): void {
  const { ctx, bbox } = plot;
  const end = bbox.left + bbox.width;
  let namedUntil = 0;
  ctx.save();
  ctx.fillStyle = warn;
  ctx.font = scaled(font);
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'left';
  for (const { from, to, names } of brokenTimes(points)) {
    const left = Math.max(bbox.left, plot.valToPos(from, 'x', true));
    const right = Math.min(end, plot.valToPos(to, 'x', true));
    if (right <= left) continue;
    ctx.globalAlpha = 0.12;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, bbox.top, right - left, 2 * uPlot.pxRatio);
    const { width } = ctx.measureText(names);
    const textLeft = Math.max(bbox.left, Math.min(left, end - width));
    // Two names in one place are none.
    if (textLeft < namedUntil) continue;
    ctx.fillText(names, textLeft, bbox.top - 2 * uPlot.pxRatio);
    namedUntil = textLeft + width + 8 * uPlot.pxRatio;
  }
  ctx.restore();
}

function brokenTimes(points: readonly Point[]): { from: number; to: number; names: string }[] {
  const times: { from: number; to: number; names: string }[] = [];
  for (const point of points) {
    const at = Date.parse(point.at) / 1_000;
    const names = point.broken.join(', ');
    const last = times.at(-1);
    if (names === '') continue;
    if (last?.names === names && at - last.to < 3) last.to = at;
    else times.push({ from: at, to: at + 1, names });
  }
  return times;
}

/** Each line is named where it ends; names that would cover each other are moved apart. */
function nameLines(plot: uPlot, { lines, write }: ChartProps, inks: string[], font: string): void {
  const { ctx, bbox } = plot;
  const lineHeight = 15 * uPlot.pxRatio;
  const labels = lines
    .flatMap(({ name }, index) => {
      const value = lastOf(plot.data[index + 1] ?? []);
      if (value === undefined || value === null) return [];
      return [
        {
          text: isNarrow(plot) ? name : `${name} ${write(value)}`,
          ink: inks[index] ?? '',
          y: plot.valToPos(value, 'y', true),
        },
      ];
    })
    .sort((one, other) => one.y - other.y);
  let lowest = bbox.top;
  for (const label of labels) {
    label.y = Math.max(label.y, lowest);
    lowest = label.y + lineHeight;
  }
  const overflow = Math.max(0, lowest - lineHeight - (bbox.top + bbox.height));
  ctx.save();
  ctx.font = scaled(font);
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  for (const { text, ink, y } of labels) {
    ctx.fillStyle = ink;
    ctx.fillText(text, bbox.left + bbox.width + 6 * uPlot.pxRatio, y - overflow);
  }
  ctx.restore();
}

function lastOf(values: ArrayLike<number | null | undefined>): number | null | undefined {
  return Array.from(values).findLast((value) => value !== null && value !== undefined);
}

function scaled(font: string): string {
  return font.replace(/^[\d.]+/, (size) => String(Number(size) * uPlot.pxRatio));
}

function faint(ink: string): string {
  return ink.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.16)');
}
