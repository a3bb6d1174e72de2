import type { Rounds } from './rounds.js';

interface Bar {
  label: string;
  perSecond: number;
  /** Ours stand out. */
  ours: boolean;
}

const [labelWidth, barWidth, rowHeight] = [300, 380, 28];

/** Bars in an SVG that can be read on light and on dark ground. */
function barsSvg(title: string, bars: Bar[]): string {
  const most = Math.max(...bars.map(({ perSecond }) => perSecond));
  const rows = bars.map(({ label, perSecond, ours }, row) => {
    const y = 44 + row * rowHeight;
    const width = Math.max(1, Math.round((perSecond / most) * barWidth));
    const value = Math.round(perSecond).toLocaleString('en');
    return [
      `<text x="${labelWidth - 10}" y="${y + 14}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${width}" height="18" rx="2" fill="${ours ? '#0a7d4f' : '#8a8f98'}"/>`,
      `<text x="${labelWidth + width + 8}" y="${y + 14}">${value}/s</text>`,
    ].join('\n');
  });
  const [width, height] = [labelWidth + barWidth + 100, 52 + bars.length * rowHeight];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<style>text { font: 13px system-ui, sans-serif; fill: #6e7681; } .title { font-weight: 600; font-size: 15px; }</style>
<text class="title" x="12" y="24">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`;
}

/** The medians of some rounds, the largest first. */
export function barsOf(title: string, rounds: Rounds<string>, ours: (name: string) => boolean): string {
  const bars = rounds.names.map((name) => ({
    label: name,
    perSecond: rounds.figure(name).median,
    ours: ours(name),
  }));
  return barsSvg(
    title,
    bars.sort((a, b) => b.perSecond - a.perSecond),
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
