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

/** Strings, what opens, closes and separates, and numbers and literals; colons and white space tell nothing more. */
const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],]|[^\s"{}[\],:]+/g;

/** @param json a text that JSON.parse takes */
export function surveyJson(json: string): JsonSurvey {
  const found = { hasDuplicateKey: false, isTooComplex: false, hasLoneSurrogate: false, hasNumbers: false };
  const open: (Set<string> | undefined)[] = []; // the keys of each object around; an array has none
  let before = '';
  for (const [token] of json.matchAll(tokens)) {
    const first = token.charAt(0);
    if (first === '{' || first === '[') {
      open.push(first === '{' ? new Set() : undefined);
      found.isTooComplex ||= open.length > maxDepth;
    } else if (first === '}' || first === ']') open.pop();
    else if (first === '"') {
      const text = token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1);
      found.hasLoneSurrogate ||= !text.isWellFormed();
      const keys = before === '{' || before === ',' ? open.at(-1) : undefined;
      found.hasDuplicateKey ||= keys?.has(text) === true;
      found.isTooComplex ||= (keys?.add(text).size ?? 0) > maxKeys;
    } else if (first !== ',') found.hasNumbers ||= !/[tfn]/.test(first);
    before = first;
  }
  return found;
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
