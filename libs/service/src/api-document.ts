import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { Scope } from '@paid-once/contracts';
import { problemSchema, sayWhere, withProblems, type ResponseObject } from './api-problems.js';
import { databaseAway } from './database-problem.js';
import { bodyProblems } from './json-body.js';
import { internalError, problemForStatus } from './problem.filter.js';
import { Forbidden, StorageFull, Unauthenticated, type Problem } from './problem.js';
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
      if (!operation || needs === undefined) continue;
      if (needs !== 'nothing') operation.security = [{ bearer: [needs] }];
      const responses = operation.responses as Record<string, ResponseObject>;
      const byStatus = Map.groupBy(problemsOfAny(method, path, needs), ({ status }) => status);
      for (const [status, problems] of byStatus)
        responses[status] = withProblems(responses[status], problems);
      for (const response of Object.values(responses)) sayWhere(response, path);
    }
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema },
  };
  return document;
}

/** Why a request may be refused whatever its route does: what stands before the route and around it says so. */
function problemsOfAny(method: string, path: string, needs: Scope | 'nothing'): Problem[] {
  return [
    new RateLimited(100, 1_000),
    internalError(),
    ...(needs === 'nothing' ? [] : [new Unauthenticated(), new Forbidden(needs), databaseAway()]),
    ...(method === 'get'
      ? []
      : [...bodyProblems(), problemForStatus(413, 'Request body is too large'), new StorageFull()]),
    ...(path.includes('{') ? pathProblems(path) : []),
  ];
}

/** As the router says it. */
function pathProblems(path: string): Problem[] {
  const bad = path.replace(/\{\w+\}/, '%zz');
  return [
    problemForStatus(400, `'${bad}' is not a valid url component. Nothing was done.`),
    problemForStatus(414, `'${path}' is exceeding the max param length. Nothing was done.`),
  ];
}
