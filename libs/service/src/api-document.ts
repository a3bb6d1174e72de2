import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { problemResponse, problemSchema } from './api-problems.js';
import { Forbidden, Unauthenticated } from './problem.js';
import { RateLimited } from './rate-limit.js';
import type { Routes } from './routes.js';

const methods = ['get', 'post', 'put', 'delete', 'patch', 'options', 'head'] as const;

/** The OpenAPI document of an application. What a caller needs is in it as it is enforced, not as somebody wrote it down. */
export function apiDocument(app: NestFastifyApplication, name: string, routes: Routes): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(`paid-once ${name}`)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'po_…',
      description: 'An API key of `paid-once keys issue`. Lab mode needs none.',
    })
    .build();
  const document = SwaggerModule.createDocument(app, config);
  for (const [path, item] of Object.entries(document.paths))
    for (const method of methods) {
      const operation = item[method];
      const needs = routes.needs(method, path);
      if (!operation || needs === undefined || needs === 'nothing') continue;
      operation.security = [{ bearer: [needs] }];
      for (const problem of [new Unauthenticated(), new Forbidden(needs), new RateLimited(100, 1_000)])
        operation.responses[problem.status] ??= problemResponse([problem], path);
    }
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema },
  };
  return document;
}
