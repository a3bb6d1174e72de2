/** What JSON.parse lets pass without a word. */
export interface JsonSurvey {
  /** Two keys of one object are the same, however they are written: the last one would win. */
  hasDuplicateKey: boolean;
  /** Deeper than 8 objects and arrays, or more than 32 keys in an object. */
  isTooComplex: boolean;
  /** A string or key holds half a surrogate pair: no UTF-8 can say that, nor a database keep it. */
  hasLoneSurrogate: boolean;
  hasNumbers: boolean;
}

const maxDepth = 8;
const maxKeys = 32;

const codes = { quote: 0x22, minus: 0x2d, zero: 0x30, nine: 0x39, colon: 0x3a, backslash: 0x5c };
const opens = { list: 0x5b, object: 0x7b };
const closes = { list: 0x5d, object: 0x7d };

/**
 * Character by character: each request that writes passes here, and a regular expression takes three times as long.
 * @param json a text that JSON.parse takes
 */
export function surveyJson(json: string): JsonSurvey {
  const found = { hasDuplicateKey: false, isTooComplex: false, hasLoneSurrogate: false, hasNumbers: false };
  const open: (string[] | undefined)[] = []; // the keys of each object around; an array has none
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === codes.quote) {
      const end = endOfString(json, at);
      const text = json.slice(at + 1, end);
      const isEscaped = text.includes('\\');
      if (isEscaped && !textOf(text).isWellFormed()) found.hasLoneSurrogate = true;
      if (isKey(json, end)) noteKey(found, open.at(-1), isEscaped ? textOf(text) : text);
      at = end;
    } else if (character === opens.object || character === opens.list) {
      open.push(character === opens.object ? [] : undefined);
      if (open.length > maxDepth) found.isTooComplex = true;
    } else if (character === closes.object || character === closes.list) open.pop();
    else if (character === codes.minus || (character >= codes.zero && character <= codes.nine))
      found.hasNumbers = true;
  }
  return found;
}

function endOfString(json: string, begin: number): number {
  for (let at = begin + 1; ; at++) {
    const character = json.charCodeAt(at);
    if (character === codes.quote) return at;
    if (character === codes.backslash) at++;
  }
}

/** What escapes stand for. */
function textOf(written: string): string {
  return String(JSON.parse(`"${written}"`));
}

/** Whether what follows the end of a string, but for white space, makes it a key. */
function isKey(json: string, end: number): boolean {
  let at = end + 1;
  while (json.charCodeAt(at) <= 32) at++;
  return json.charCodeAt(at) === codes.colon;
}

function noteKey(found: JsonSurvey, keys: string[] | undefined, key: string): void {
  if (!keys) return;
  if (keys.length === maxKeys)
    found.isTooComplex = true; // and no more are looked at
  else if (keys.includes(key)) found.hasDuplicateKey = true;
  else keys.push(key);
}

/**
 * Whether a text can be read in two ways, or is nested deeper than JSON.stringify reaches. What that would write again to
 * the letter is neither, and costs a quarter of a survey to tell.
 * @param value what JSON.parse made of the text
 */
export function isAmbiguousJson(value: unknown, json: string): boolean {
  if (isAsStringified(value, json)) return false;
  const { hasDuplicateKey, isTooComplex } = surveyJson(json);
  return hasDuplicateKey || isTooComplex;
}

function isAsStringified(value: unknown, json: string): boolean {
  try {
    return JSON.stringify(value) === json;
  } catch {
    return false; // so deep that it ends the stack
  }
}
