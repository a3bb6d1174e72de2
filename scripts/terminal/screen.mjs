/**
 * What a terminal of so many columns shows after some output, as far as paid-once writes it: text, colours, and lines that are
 * drawn over. It grows downwards and never scrolls.
 */
export class Screen {
  /** Rows of cells: `{ char, style }`, with a style such as `bold green`; holes are blank. */
  rows = [[]];
  #columns;
  #row = 0;
  #column = 0;
  #wraps = true;
  #style = new Map();

  constructor(columns) {
    this.#columns = columns;
  }

  /** @throws Error an escape sequence that is not known here: the picture would be wrong */
  write(text) {
    // oxlint-disable-next-line no-control-regex
    for (const [piece] of text.matchAll(/\x1b(?:\[[0-9;?]*[A-Za-z]|.)|[^\x1b]/gsu)) {
      if (piece.length > 1 && piece.startsWith('\x1b')) this.#control(piece.slice(1));
      else if (piece === '\n') this.#newLine();
      else if (piece === '\r') this.#column = 0;
      else this.#put(piece);
    }
  }

  #put(char) {
    if (this.#column >= this.#columns) {
      if (!this.#wraps) return;
      this.#newLine();
      this.#column = 0;
    }
    this.rows[this.#row][this.#column++] = { char, style: [...this.#style.values()].join(' ') };
  }

  #newLine() {
    this.#row++;
    this.rows[this.#row] ??= [];
  }

  #control(sequence) {
    const [, parameters, kind] = /^\[([0-9;?]*)([A-Za-z])$/.exec(sequence) ?? [];
    if (kind === 'm') for (const code of parameters.split(';')) this.#restyle(Number(code));
    else if (kind === 'G') this.#column = Number(parameters) - 1;
    else if (kind === 'K') this.rows[this.#row].length = parameters === '2' ? 0 : this.#column;
    else if (parameters === '?7') this.#wraps = kind === 'h';
    // The cursor is not drawn: it may be hidden, and remembered where it is returned to its line's start.
    else if (parameters !== '?25' && !['7', '8'].includes(sequence))
      throw new Error(`Not drawn here: ${JSON.stringify(sequence)}`);
  }

  #restyle(code) {
    const [aspect, style] = styles[code] ?? [];
    if (aspect === undefined) throw new Error(`Not drawn here: colour ${code}`);
    if (aspect === 'all') this.#style.clear();
    else if (style) this.#style.set(aspect, style);
    else this.#style.delete(aspect);
  }
}

const styles = {
  0: ['all'],
  1: ['weight', 'bold'],
  2: ['weight', 'dim'],
  22: ['weight'],
  31: ['colour', 'red'],
  32: ['colour', 'green'],
  33: ['colour', 'yellow'],
  39: ['colour'],
};
