import { printable, printableLines } from '@paid-once/service/basics';
import { createColors } from 'picocolors';

type Colours = ReturnType<typeof createColors>;
export type Stream = Pick<NodeJS.WriteStream, 'write'> & { isTTY?: boolean; columns?: number };

/**
 * What a verb says. People read lines on stdout; with --json stdout carries one object and nothing else.
 * What only tells of progress goes to stderr. Much of it is text of others: none of it reaches a terminal's commands.
 */
export class Output {
  readonly colours: Colours;
  private finished = false;

  constructor(
    private readonly options: {
      stdout: Stream;
      stderr: Stream;
      json: boolean;
      noColour: boolean;
      command?: string;
    },
  ) {
    const stream = options.json ? options.stderr : options.stdout;
    this.colours = createColors(stream.isTTY === true && !options.noColour);
  }

  get json(): boolean {
    return this.options.json;
  }

  /** Where progress is drawn, and whether somebody sees it move. */
  get progress(): { stream: Stream; moves: boolean } {
    return { stream: this.options.stderr, moves: this.options.stderr.isTTY === true };
  }

  /** A part of the answer, for people; with --json the object says it. */
  say(line = ''): void {
    if (!this.options.json) this.options.stdout.write(`${printableLines(line)}\n`);
  }

  /** A step of something long: people read it as it happens, with --json on stderr. */
  tell(line = ''): void {
    (this.options.json ? this.options.stderr : this.options.stdout).write(`${printableLines(line)}\n`);
  }

  /** A line about the work itself: what is waited for, which Node runs. */
  note(line: string): void {
    this.options.stderr.write(`${printableLines(line)}\n`);
  }

  /** The last line: what one may want to do next. */
  next(...commands: string[]): void {
    const { command = 'npx paid-once' } = this.options;
    const here = commands.map((line) => line.replace(/^npx paid-once\b/, command));
    this.say(this.colours.dim(`→ ${here.join('   or   ')}`));
  }

  /** The verb's one object; printed with --json only. */
  result(value: object): void {
    if (!this.options.json || this.finished) return;
    this.finished = true;
    this.options.stdout.write(`${printable(JSON.stringify(value))}\n`);
  }
}
