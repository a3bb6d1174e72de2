/** Sizes in pixels of the picture. */
const cell = { width: 8.4, height: 20, font: 14 };
const margin = 18;
const bar = 40;
/** How long the last picture stays before the film begins again, in seconds. */
const hold = 8;

/**
 * A film of a terminal as one SVG: CSS moves it, it loops, and where less motion is preferred it is its last picture.
 * @param film   as `film()` returns it
 * @param texts  `title` in the window's bar, `label` and `description` for who cannot see it, `comment` for who reads the source
 */
export function animatedSvg({ rows: all, end }, columns, { title, label, description, comment }) {
  const rows = all.slice(0, all.findLastIndex((versions) => versions.length > 1) + 1);
  const seconds = end + hold;
  const percent = (at) => `${((at / seconds) * 100).toFixed(2)}%`;
  const keyframes = new Map();
  const animation = (frames) => {
    if (!keyframes.has(frames)) keyframes.set(frames, `k${keyframes.size}`);
    return `animation-name:${keyframes.get(frames)}`;
  };
  const drawn = rows.map((versions, index) => {
    const y = bar + margin / 2 + index * cell.height;
    const [, first] = versions;
    if (versions.length === 1) return '';
    if (versions.length === 2)
      return `<g class="m" style="${animation(`0%{opacity:0}${percent(first.at)}{opacity:1}`)}">${line(first.cells, y)}</g>`;
    // All versions stand below each other, behind a window of one line's height.
    const shift = (version) => `transform:translateY(${-version * cell.height}px)`;
    const frames = versions.map(({ at }, version) => `${percent(at)}{${shift(version)}}`).join('');
    const strip = versions.map(({ cells }, version) => line(cells, version * cell.height)).join('');
    return `<svg y="${y}" width="100%" height="${cell.height}"><g class="m" style="${shift(versions.length - 1)};${animation(frames)}">${strip}</g></svg>`;
  });
  const width = Math.round(columns * cell.width + 2 * margin);
  const height = bar + margin * 1.5 + rows.length * cell.height;
  const named = [...keyframes].map(([frames, name]) => `@keyframes ${name}{${frames}}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="label description">
<!-- ${comment} -->
<title id="label">${escaped(label)}</title>
<desc id="description">${escaped(description)}</desc>
<style>
${colours}
.m{animation:${seconds.toFixed(2)}s step-end infinite}
${named.join('\n')}
@media (prefers-reduced-motion:reduce){.m{animation:none}}
</style>
<rect class="window" x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="10"/>
<path class="edge" d="M1 ${bar - 6.5}H${width - 1}"/>
<circle cx="20" cy="17" r="6" fill="#ff5f57"/><circle cx="40" cy="17" r="6" fill="#febc2e"/><circle cx="60" cy="17" r="6" fill="#28c840"/>
<text class="title" x="${width / 2}" y="22" text-anchor="middle">${escaped(title)}</text>
${drawn.filter(Boolean).join('\n')}
</svg>
`;
}

// Each text token has a contrast of at least 4.5:1 on its page.
const colours = `:root{--page:#fff;--edge:#d0d7de;--text:#1f2328;--strong:#0a0c10;--dim:#636c76;--red:#b91c1c;--green:#15803d;--yellow:#92580a;--full:#2563eb;--empty:#dbe4f0}
@media (prefers-color-scheme:dark){:root{--page:#0d1117;--edge:#30363d;--text:#d1d7e0;--strong:#fff;--dim:#8b949e;--red:#ff7b72;--green:#4ade80;--yellow:#e3b341;--full:#58a6ff;--empty:#233044}}
text{font:${cell.font}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:var(--text);white-space:pre}
.window{fill:var(--page);stroke:var(--edge)}.edge{stroke:var(--edge)}.title{fill:var(--dim);font-size:13px}
.bold{font-weight:600;fill:var(--strong)}.dim{fill:var(--dim)}.red{fill:var(--red)}.green{fill:var(--green)}.yellow{fill:var(--yellow)}
.full{fill:var(--full)}.empty{fill:var(--empty)}`;

/** One line at a height: runs of equal style as text, bars as boxes (as letters they would show gaps). */
function line(cells, y) {
  return runs(cells)
    .map(({ column, text, style }) => {
      const x = round(margin + column * cell.width);
      const width = round(text.length * cell.width);
      const bar = { '█': 'full', '░': 'empty' }[text[0]];
      if (bar) return `<rect class="${bar}" x="${x}" y="${y + 4}" width="${width}" height="12"/>`;
      const attributes = [style && `class="${style}"`, text.length > 1 && `textLength="${width}"`];
      return `<text x="${x}" y="${y + 14.5}" ${attributes.filter(Boolean).join(' ')} xml:space="preserve">${escaped(text)}</text>`;
    })
    .join('');
}

function runs(cells) {
  const found = [];
  for (const [column, { char, style }] of cells.entries()) {
    const last = found.at(-1);
    const joins =
      last?.style === style &&
      last.column + last.text.length === column &&
      isBar(last.text[0]) === isBar(char);
    if (joins && (!isBar(char) || last.text[0] === char)) last.text += char;
    else found.push({ column, text: char, style });
  }
  return found
    .map((run) => ({ ...run, text: run.text.trimEnd() }))
    .map((run) => ({
      ...run,
      column: run.column + run.text.length - run.text.trimStart().length,
      text: run.text.trimStart(),
    }))
    .filter(({ text }) => text !== '');
}

const isBar = (char) => char === '█' || char === '░';
const round = (pixels) => Math.round(pixels * 10) / 10;
const escaped = (text) =>
  text.replace(/[&<>]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[char]);
