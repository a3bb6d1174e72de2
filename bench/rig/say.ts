/** Progress, for people: on stderr, as stdout belongs to the result. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
