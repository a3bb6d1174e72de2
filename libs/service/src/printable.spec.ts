import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { printable, printableLines } from './printable.js';
import { ServiceLogger } from './service-logger.js';

const hostile: [what: string, text: string, shown: string][] = [
  ['ends a line', 'a\r\n2026 ✓ all posted', String.raw`a\u000d\u000a2026 ✓ all posted`],
  ['clears the screen', '\u001b[2J\u001b[H', String.raw`\u001b[2J\u001b[H`],
  ['hides what follows', '\u001b[8mgone', String.raw`\u001b[8mgone`],
  ['commands in one character', '\u009b2J', String.raw`\u009b2J`],
  ['rings, erases and ends', '\u0007\u0008\u007f\u0000', String.raw`\u0007\u0008\u007f\u0000`],
  ['turns what follows round', '1.00 \u202e00.1', String.raw`1.00 \u202e00.1`],
  ['ends a line in JavaScript', 'a\u2028b', String.raw`a\u2028b`],
];

describe('text of others', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each(hostile)('S9: that %s is shown as escapes', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it.each(hostile)('S9: that %s stands escaped in a log line, which stays one line of JSON', (_, text) => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    new ServiceLogger('payments').log({ reference: text }, 'test');
    const lines = write.mock.calls.map(([line]) => String(line));
    jest.restoreAllMocks();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\p{Cc}\p{Bidi_Control}\u2028]*\n$/u);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ message: { reference: text } });
  });

  it('is shown as it is when it only is in other letters', () => {
    const text = 'Ærøskøbing 東京 😀 שלום — “rent”';
    expect(printable(text)).toBe(text);
  });

  it('leaves our own lines and colours, and no other sequence', () => {
    const ours = '\u001b[1mbold\u001b[22m\n\t\u001b[31mred\u001b[39m';
    expect(printableLines(ours)).toBe(ours);
    expect(printableLines('\u001b[8mhidden\r\u001b[41m')).toBe(String.raw`\u001b[8mhidden\u000d\u001b[41m`);
  });
});
