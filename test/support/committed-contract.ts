import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';

import { ApiDescription } from './api-description.js';

/**
 * That an OpenAPI document is one, has a schema and an example that fits it of everything that is asked and answered, and is committed as it is served. PAID_ONCE_RECORD_CONTRACTS=1 commits it anew.
 * @param name of the file in docs/contracts
 */
export async function expectCommitted(name: string, document: OpenAPIObject): Promise<void> {
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  const file = new URL(`../../docs/contracts/${name}`, import.meta.url);
  if (process.env['PAID_ONCE_RECORD_CONTRACTS']) writeFileSync(file, text);
  const { valid, errors } = await new Validator().validate(JSON.parse(text) as Record<string, unknown>);
  expect([valid, errors]).toEqual([true, undefined]);
  expect(new ApiDescription(document).gaps()).toEqual([]);
  expect(readFileSync(file, 'utf8')).toBe(text);
}
