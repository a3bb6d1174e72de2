/**
 * Text of others as it may stand in a log or on a terminal: nothing in it moves a cursor, begins another line, changes a
 * colour or turns the direction of what follows; such characters show as `\u001b`. JSON stays the same JSON.
 */
export function printable(text: string): string {
  return text.replaceAll(unprintable, escaped);
}

/** The same for what we have laid out ourselves: its ends of lines, and the colours of picocolors, stay. */
export function printableLines(text: string): string {
  return text.replaceAll(ownLayout, (character, ours?: string) => ours ?? escaped(character));
}

const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
// oxlint-disable-next-line no-control-regex -- it is what is looked for
const ownLayout = /(\u001b\[(?:1|2|22|3[1-6]|39|90)m|[\n\t])|[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
