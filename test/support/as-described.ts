import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { documentOf } from '@paid-once/service';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { ApiDescription } from './api-description.js';

type Request = (InjectOptions & { url: string }) | string;

/**
 * From now on whatever is injected must be answered as the application's OpenAPI document says: whoever asks for something
 * that is answered otherwise, in its status, its type or a single field, fails.
 */
export function asDescribed(app: NestFastifyApplication): NestFastifyApplication {
  const fastify = app.getHttpAdapter().getInstance();
  const inject = fastify.inject.bind(fastify) as (request: Request) => Promise<LightMyRequestResponse>;
  let description: ApiDescription | undefined;
  const injectAndCheck = async (request: Request) => {
    const { method = 'GET', url } = typeof request === 'string' ? { url: request } : request;
    const answer = await inject(request);
    description ??= new ApiDescription(documentOf(app, 'test'));
    const { statusCode: status, headers, body } = answer;
    const contentType = String(headers['content-type']);
    const faults = description.faults(method, url, { status, contentType, body });
    if (faults.length > 0)
      throw new Error(
        `not as described: ${faults.slice(0, 5).join('; ')}; the answer: ${body.slice(0, 1_000)}`,
      );
    return answer;
  };
  Object.assign(fastify, { inject: injectAndCheck });
  return app;
}
