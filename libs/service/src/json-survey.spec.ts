import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAmbiguousJson, surveyJson } from './json-survey.js';

const clean = { hasDuplicateKey: false, isTooComplex: false, hasLoneSurrogate: false, hasNumbers: false };
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const withKeys = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, null])));

describe('the survey of a JSON text', () => {
  it.each([
    ['{"a": 1, "a": 2}', { hasDuplicateKey: true, hasNumbers: true }],
    ['{"a": "x", "\\u0061": "y"}', { hasDuplicateKey: true }],
    ['[{"b": {"a": [], "c": {}, "a": []}}]', { hasDuplicateKey: true }],
    ['{"": null, "": null}', { hasDuplicateKey: true }],
    ['{"__proto__": {"a": true}, "__proto__": null}', { hasDuplicateKey: true }],
    ['{"a": "a", "b": "a", "c": ["a", "a"], "d": {"a": "b"}}', {}],
    ['[{"a": null}, {"a": null}]', {}],
    ['{"a": ":,{\\"a\\": 1}", "b": "\\\\"}', {}],
    ['"\\ud800"', { hasLoneSurrogate: true }],
    ['{"\\udc00": null}', { hasLoneSurrogate: true }],
    ['"\\ud83d\\udcb6"', {}],
    ['"\\\\ud800"', {}],
    ['[true, false, null, "1"]', {}],
    ['-1e3', { hasNumbers: true }],
    [nested(8), {}],
    [nested(9), { isTooComplex: true }],
    ['{"a":'.repeat(9) + 'null' + '}'.repeat(9), { isTooComplex: true }],
    [withKeys(32), {}],
    [withKeys(33), { isTooComplex: true }],
  ])('tells of %s', (json, expected) => expect(surveyJson(json)).toEqual({ ...clean, ...expected }));

  it('finds nothing wrong with what JSON.stringify wrote, whatever its keys and texts', () => {
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' });
    fc.assert(
      fc.property(value, fc.nat(4), (given, spaces) => {
        const { hasNumbers, ...wrong } = surveyJson(JSON.stringify(given, undefined, spaces));
        expect(Object.values(wrong)).toEqual([false, false, false]);
        let numbers = 0;
        JSON.stringify(given, (_key, each: unknown) => (typeof each === 'number' ? numbers++ : 0, each));
        expect(hasNumbers).toBe(numbers > 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds a key that stands twice, wherever it is and however it is written', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(
        fc.uniqueArray(text, { minLength: 1, maxLength: 6 }),
        fc.nat(),
        fc.boolean(),
        fc.nat(3),
        (keys, pick, escape, depth) => {
          const twice = keys[pick % keys.length] ?? '';
          const written = escape
            ? `"${[...Array(twice.length).keys()].map((at) => `\\u${twice.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`
            : JSON.stringify(twice);
          const members = [...keys.map((key) => `${JSON.stringify(key)}:{"a":"a"}`), `${written} : []`];
          const json = '{"x":['.repeat(depth) + `{${members.join(',')}}` + ']}'.repeat(depth);
          expect(surveyJson(json).hasDuplicateKey).toBe(true);
          expect(isAmbiguousJson(JSON.parse(json), json)).toBe(true);
          expect(
            surveyJson(json.replace(`${written} : []`, '"other than all of them" : []')).hasDuplicateKey,
          ).toBe(false);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is not needed for what is written as JSON.stringify writes, and not fooled by numbers that get longer', () => {
    const isAmbiguous = (json: string) => isAmbiguousJson(JSON.parse(json), json);
    expect(isAmbiguous('{"a":"1","b":{"c":null}}')).toBe(false);
    expect(isAmbiguous('{ "a": "1" }')).toBe(false);
    expect(isAmbiguous('{"a":1e13,"b":0,"b":0}')).toBe(true); // as long as {"a":10000000000000,"b":0}
    expect(isAmbiguous('{"a":1e3,"a":1000}')).toBe(true);
    expect(isAmbiguous(nested(100_000))).toBe(true);
  });
});
