/** A command of a page, and what should be seen after it. The convention is told in docs/chapters/README.md. */
export interface DocumentedCommand {
  command: string;
  exitCode: number;
  /** Each must be found in what was printed. */
  expected: string[];
}

/** The commands in a page's fenced `sh` blocks, in order. */
export function commandsIn(markdown: string): DocumentedCommand[] {
  const commands: DocumentedCommand[] = [];
  for (const line of shellLines(markdown)) {
    const [command = '', expectation] = line.split('# →').map((part) => part.trim());
    if (command !== '') commands.push({ command, exitCode: 0, expected: [] });
    const last = commands.at(-1);
    if (expectation === undefined) continue;
    if (last === undefined) throw new Error(`"${line}" expects something of no command`);
    const { exitCode, text } = readExpectation(expectation);
    if (exitCode !== undefined) last.exitCode = exitCode;
    if (text !== '') last.expected.push(text);
  }
  return commands;
}

/** Whether the text is in the output: `…` is anything, `3..5` and `3..` are numbers, blanks are as many as there are. */
export function isIn(output: string, text: string): boolean {
  return patternOf(text).test(output);
}

function shellLines(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && (!line.startsWith('#') || line.startsWith('# →')));
}

function readExpectation(expectation: string): { exitCode: number | undefined; text: string } {
  const [, code, text = ''] = /^exit (\d+)(?:, (.*))?$/.exec(expectation) ?? [];
  return code === undefined ? { exitCode: undefined, text: expectation } : { exitCode: Number(code), text };
}

function patternOf(text: string): RegExp {
  const tokens = text.match(/\d+\.\.\d*|\d+|…|\s+|[^\d…\s]+/gu) ?? [];
  return new RegExp(tokens.map(tokenPattern).join(''));
}

function tokenPattern(token: string): string {
  if (token === '…') return '[\\s\\S]*?';
  if (/^\s/.test(token)) return '\\s+';
  const [, from, to] = /^(\d+)\.\.(\d*)$/.exec(token) ?? [];
  if (from !== undefined)
    return `(?<![\\d.,])${numberPattern(Number(from), to ? Number(to) : undefined)}(?!\\d)`;
  if (/^\d/.test(token)) return `(?<!\\d)${token}(?!\\d)`;
  return token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** All whole numbers from one to the other; without an end any number that has no fewer digits. */
function numberPattern(from: number, to: number | undefined): string {
  if (to === undefined) return from <= 1 ? '[1-9]\\d*' : `\\d{${String(from).length},}`;
  if (!(from <= to && to - from <= 10_000)) throw new Error(`${from}..${to} is no range`);
  return `(?:${Array.from({ length: to - from + 1 }, (_, index) => from + index).join('|')})`;
}
