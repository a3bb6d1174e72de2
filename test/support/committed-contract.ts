import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { documentOf, servedRoutes } from '@paid-once/service';
import { Validator } from '@seriousme/openapi-schema-validator';
import { ApiDescription } from './api-description.js';

/**
 * That an application's OpenAPI document is one, names every route that is served, has of everything that is asked and answered a
 * schema and an example that fits it, and is committed as it is served. PAID_ONCE_RECORD_CONTRACTS=1 commits it anew.
 */
export async function expectCommitted(
  app: NestFastifyApplication,
  service: 'payments' | 'ledger' | 'relay',
): Promise<void> {
  const document = documentOf(app, service);
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  const file = new URL(`../../docs/contracts/openapi-${service}.json`, import.meta.url);
  if (process.env['PAID_ONCE_RECORD_CONTRACTS']) writeFileSync(file, text);
  const { valid, errors } = await new Validator().validate(JSON.parse(text) as Record<string, unknown>);
  expect([valid, errors]).toEqual([true, undefined]);
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(servedRoutes(app).toSorted()).toEqual(described.toSorted());
  expect(new ApiDescription(document).gaps()).toEqual([]);
  expect(readFileSync(file, 'utf8')).toBe(text);
}
