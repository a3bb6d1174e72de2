/**
 * JSON as Go's `encoding/json` reads a request body: the first value counts and what follows it is ignored, keys keep
 * their order and number (the last one of a name wins, whatever its case), and the error texts are Go's.
 */
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

/** A number as written: whether it fits the field is the field's business. */
export class JsonNumber {
  constructor(readonly literal: string) {}
}

export class JsonObject {
  constructor(readonly entries: readonly (readonly [key: string, value: Json])[]) {}
}

export class JsonSyntaxError extends Error {}

/** @throws JsonSyntaxError */
export function firstJsonValue(text: string): Json {
  const reader = new JsonReader(text);
  reader.skipBlanks();
  if (reader.atEnd) throw new JsonSyntaxError('EOF');
  return reader.value(0);
}

/** Go's own bound; beyond it a body is an attack on the stack. */
const maxDepth = 10_000;

class JsonReader {
  #at = 0;

  constructor(private readonly text: string) {}

  get atEnd(): boolean {
    return this.#at >= this.text.length;
  }

  skipBlanks(): void {
    while (/^[ \t\r\n]$/.test(this.text.charAt(this.#at))) this.#at++;
  }

  value(depth: number): Json {
    if (depth > maxDepth) throw new JsonSyntaxError('exceeded max depth');
    this.skipBlanks();
    const first = this.#peek();
    switch (first) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        if (first === '-' || isDigit(first)) return this.#number();
        return this.#unexpected('looking for beginning of value');
    }
  }

  #object(depth: number): JsonObject {
    const entries: [string, Json][] = [];
    this.#at++;
    this.skipBlanks();
    if (this.#peek() === '}') {
      this.#at++;
      return new JsonObject(entries);
    }
    for (;;) {
      this.skipBlanks();
      if (this.#peek() !== '"') this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      this.skipBlanks();
      if (this.#peek() !== ':') this.#unexpected('after object key');
      this.#at++;
      entries.push([key, this.value(depth + 1)]);
      this.skipBlanks();
      if (this.#endsWith('}', 'after object key:value pair')) return new JsonObject(entries);
    }
  }

  #array(depth: number): Json[] {
    const items: Json[] = [];
    this.#at++;
    this.skipBlanks();
    if (this.#peek() === ']') {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      this.skipBlanks();
      if (this.#endsWith(']', 'after array element')) return items;
    }
  }

  /** Steps over a comma (false) or the closing bracket (true). */
  #endsWith(bracket: '}' | ']', context: string): boolean {
    const next = this.#peek();
    if (next !== ',' && next !== bracket) this.#unexpected(context);
    this.#at++;
    return next === bracket;
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const character = this.#peek();
      if (character === '"') break;
      if (character < ' ') this.#unexpected('in string literal');
      this.#at++;
      if (character === '\\') this.#escape();
    }
    this.#at++;
    return String(JSON.parse(this.text.slice(start, this.#at)));
  }

  #escape(): void {
    const character = this.#peek();
    if (!'"\\/bfnrtu'.includes(character)) this.#unexpected('in string escape code');
    this.#at++;
    if (character !== 'u') return;
    for (let digits = 0; digits < 4; digits++) {
      if (!/^[0-9a-fA-F]$/.test(this.#peek())) this.#unexpected('in \\u hexadecimal character escape');
      this.#at++;
    }
  }

  #literal<T extends boolean | null>(word: string, value: T): T {
    for (const letter of word) {
      if (this.#peek() !== letter) this.#unexpected(`in literal ${word} (expecting '${letter}')`);
      this.#at++;
    }
    return value;
  }

  #number(): JsonNumber {
    const start = this.#at;
    if (this.#peek() === '-') this.#at++;
    if (this.#peek() === '0') this.#at++;
    else this.#digits('in numeric literal');
    if (this.text.charAt(this.#at) === '.') {
      this.#at++;
      this.#digits('after decimal point in numeric literal');
    }
    if (/^[eE]$/.test(this.text.charAt(this.#at))) {
      this.#at++;
      if (/^[+-]$/.test(this.#peek())) this.#at++;
      this.#digits('in exponent of numeric literal');
    }
    return new JsonNumber(this.text.slice(start, this.#at));
  }

  #digits(context: string): void {
    if (!isDigit(this.#peek())) this.#unexpected(context);
    while (isDigit(this.text.charAt(this.#at))) this.#at++;
  }

  #peek(): string {
    if (this.atEnd) throw new JsonSyntaxError('unexpected EOF');
    return this.text.charAt(this.#at);
  }

  #unexpected(context: string): never {
    const code = this.text.codePointAt(this.#at);
    if (code === undefined) throw new JsonSyntaxError('unexpected EOF');
    throw new JsonSyntaxError(`invalid character ${quoted(String.fromCodePoint(code))} ${context}`);
  }
}

/** As Go prints JSON: what could close a script element is escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function quoted(character: string): string {
  if (character === "'") return String.raw`'\''`;
  if (character === '"') return `'"'`;
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1;
}
