import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse, stringify } from 'yaml';
import { asyncApi, isRecording, paymentEventSchema } from './test/async-api.js';

const committed = (name: string) => new URL(`../../../docs/contracts/${name}`, import.meta.url);
const remark = '# made from libs/contracts by its test, do not edit: PAID_ONCE_RECORD_CONTRACTS=1 npm test\n';
const documents: Record<string, string> = {
  'asyncapi.yaml': remark + stringify(asyncApi(), { lineWidth: 120, aliasDuplicateObjects: false }),
  'payment-event-1.schema.json': `${JSON.stringify(paymentEventSchema(), undefined, 2)}\n`,
};

describe('the contract of the messages', () => {
  it.each(Object.keys(documents))('%s is what the code says', (name) => {
    if (isRecording) writeFileSync(committed(name), documents[name] ?? '');
    expect(readFileSync(committed(name), 'utf8')).toBe(documents[name]);
  });

  it('is an AsyncAPI 3.0 document', () => {
    const schema = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
    const ajv = new Ajv({ strict: false, allErrors: true });
    (addFormats as unknown as (on: Ajv) => void)(ajv);
    const isOne = ajv.compile(schema);
    expect([isOne(asyncApi()), isOne.errors]).toEqual([true, null]);
  });

  it('has examples that its own schemas take', () => {
    const { components } = parse(documents['asyncapi.yaml'] ?? '') as {
      components: {
        messages: Record<
          string,
          { payload: object; headers: object; examples?: { payload: object; headers: object }[] }
        >;
        schemas: Record<string, object>;
      };
    };
    const ajv = new Ajv2020({ strict: false });
    const examples = Object.values(components.messages).flatMap(
      ({ payload, headers, examples: given = [] }) => given.map((example) => ({ payload, headers, example })),
    );
    expect(examples).toHaveLength(2);
    for (const { payload, headers, example } of examples) {
      const withParts = { ...payload, components };
      expect(ajv.validate(withParts, example.payload)).toBe(true);
      expect(ajv.validate(withParts, { ...example.payload, data: { src: 'a' } })).toBe(false);
      expect(ajv.validate(headers, example.headers)).toBe(true);
    }
  });
});
