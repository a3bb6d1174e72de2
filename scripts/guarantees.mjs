// docs/guarantees.md names the tests that prove each guarantee, by file and title. This counts them; with --check it fails
// when a named test is no longer there, or a guarantee has none. A title may have gained the ids of the faults it proves
// ("D2 D3: …"): the page may name it with or without them. With --fix the page follows titles that gained ids, and files
// that moved from one kind of test to another (`.int-spec.ts`, `.e2e-spec.ts` …).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const inCheckout = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { values: options } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    fix: { type: 'boolean', default: false },
    page: { type: 'string', default: inCheckout('docs/guarantees.md') },
    root: { type: 'string', default: inCheckout('.') },
  },
});

const titlesByFile = new Map();
if (options.fix) writeFileSync(options.page, followed(readFileSync(options.page, 'utf8')));
const guarantees = guaranteesIn(readFileSync(options.page, 'utf8'));
const faults = guarantees.flatMap(({ name, tests }) =>
  tests.length === 0 ? [`"${name}" names no test`] : tests.flatMap((test) => whatIsWrong(test) ?? []),
);
if (options.check && faults.length > 0) {
  for (const fault of faults) console.error(fault);
  console.error(`docs/guarantees.md promises what no test shows any more.`);
  process.exit(1);
}
if (!options.check)
  for (const { name, tests } of guarantees) console.log(`${String(tests.length).padStart(3)}  ${name}`);
const named = new Set(guarantees.flatMap(({ tests }) => tests.map(({ file, title }) => `${file} ${title}`)));
console.log(`${guarantees.length} guarantees, ${named.size} tests named`);

/** What stands below a heading of the third level until the next heading. */
function guaranteesIn(page) {
  const parts = page.split(/^(?=#{2,3} )/m).filter((part) => part.startsWith('### '));
  return parts.map((part) => ({
    name: part.slice(4, part.indexOf('\n')),
    tests: [...part.matchAll(/^- \[`[^`]+`\]\(([^)]+)\): (.+(?:\n {2}.+)*)$/gm)].map(([, link, title]) => ({
      file: relative(inCheckout('.'), resolve(dirname(inCheckout('docs/guarantees.md')), link)),
      title: title.replaceAll(/\n {2}/g, ' '),
    })),
  }));
}

function whatIsWrong({ file, title }) {
  const titles = titlesOf(file);
  if (titles === undefined) return `${file} is not there; it was to show: ${title}`;
  if (titles.some((each) => withoutIds(each) === withoutIds(title))) return undefined;
  return `${file} has no test "${title}"; the nearest is "${nearest(title, titles)}"`;
}

/** Undefined: there is no such file. */
function titlesOf(file) {
  const path = resolve(options.root, file);
  if (!existsSync(path)) return undefined;
  if (!titlesByFile.has(file)) titlesByFile.set(file, titlesIn(readFileSync(path, 'utf8')));
  return titlesByFile.get(file);
}

function followed(page) {
  return page.replaceAll(/^- \[`([^`]+)`\]\(\.\.\/[^)]+\): (.+)$/gm, (_line, file, title) => {
    const kinds = ['spec', 'int-spec', 'e2e-spec', 'long-spec'];
    const places = kinds.map((kind) => file.replace(/\.(?:\w+-)?spec\.ts$/, `.${kind}.ts`));
    const sameTitle = (other) => withoutIds(other) === withoutIds(title);
    const place = [file, ...places].find((each) => titlesOf(each)?.some(sameTitle)) ?? file;
    return `- [\`${place}\`](../${place}): ${titlesOf(place)?.find(sameTitle) ?? title}`;
  });
}

/** Every text that is the first argument of a call: more than the titles, but a title is among them. */
function titlesIn(source) {
  const texts = source.matchAll(/\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)\s*,/g);
  return [...texts].map((match) => (match[1] ?? match[2] ?? match[3]).replaceAll(/\\(.)/g, '$1'));
}

function withoutIds(title) {
  return title.replace(/^(?:[A-Z]\d{1,2} )*[A-Z]\d{1,2}: /, '');
}

function nearest(title, titles) {
  const wanted = wordsOf(title);
  const shared = (other) => [...wordsOf(other)].filter((word) => wanted.has(word)).length;
  return titles.toSorted((a, b) => shared(b) - shared(a))[0];
}

function wordsOf(text) {
  return new Set(text.toLowerCase().match(/[\p{L}\d]+/gu));
}
