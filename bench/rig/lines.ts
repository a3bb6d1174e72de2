export interface Panel {
  title: string;
  lines: { label: string; values: number[] }[];
}

const [panelWidth, panelHeight, left, top] = [250, 150, 56, 52];
/** They differ in colour and in dashes, on light and on dark ground. */
const strokes = [
  'stroke="#0a7d4f"',
  'stroke="#b35900" stroke-dasharray="7 4"',
  'stroke="#4a6fd0" stroke-dasharray="2 4"',
];

/**
 * Panels side by side, each from zero, all over the same steps.
 * @param title what the steps are
 */
export function linesSvg(title: string, steps: string[], panels: Panel[]): string {
  const [width, height] = [panels.length * (panelWidth + left) + 20, top + panelHeight + 60];
  const labels = panels[0]?.lines.map(({ label }) => label) ?? [];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>text { font: 12px system-ui, sans-serif; fill: #6e7681; } .title { font-weight: 600; } polyline { fill: none; stroke-width: 2; } .axis { stroke: #6e768180; }</style>
<text class="title" x="12" y="20">${title}</text>
${panels.map((panel, number) => panelOf(panel, steps, left + number * (panelWidth + left))).join('\n')}
${labels.map((label, line) => legendOf(label, line, height - 12)).join('\n')}
</svg>
`;
}

function panelOf({ title, lines }: Panel, steps: string[], x: number): string {
  const most = roundUp(Math.max(...lines.flatMap(({ values }) => values)));
  const atX = (step: number) => Math.round(x + (step / Math.max(1, steps.length - 1)) * (panelWidth - 20));
  const atY = (value: number) => Math.round(top + panelHeight - (value / most) * panelHeight);
  const bottom = top + panelHeight;
  return [
    `<text class="title" x="${x}" y="${top - 12}">${title}</text>`,
    ...[0, most / 2, most].flatMap((value) => [
      `<line class="axis" x1="${x}" y1="${atY(value)}" x2="${x + panelWidth - 20}" y2="${atY(value)}"/>`,
      `<text x="${x - 6}" y="${atY(value) + 4}" text-anchor="end">${value.toLocaleString('en')}</text>`,
    ]),
    ...steps.map((step, n) => `<text x="${atX(n)}" y="${bottom + 18}" text-anchor="middle">${step}</text>`),
    ...lines.map(({ values }, line) => {
      const points = values.map((value, step) => `${atX(step)},${atY(value)}`).join(' ');
      return `<polyline ${strokes[line % strokes.length]} points="${points}"/>`;
    }),
  ].join('\n');
}

function legendOf(label: string, line: number, y: number): string {
  const x = left + line * 260;
  return `<polyline ${strokes[line % strokes.length]} points="${x},${y - 4} ${x + 32},${y - 4}"/><text x="${x + 40}" y="${y}">${label}</text>`;
}

/** To one, two or five times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((times) => times * power >= value) ?? 10) * power;
}
