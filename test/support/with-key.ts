import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiKey, issueKey } from '@paid-once/credentials';
import { scopes } from '@paid-once/contracts';
import { DataSource } from 'typeorm';

/** A key of `anonymous`, who is whoever comes in lab mode, that may do everything. */
export async function keyForAll(adminUrl: string): Promise<string> {
  const database = await new DataSource({
    type: 'postgres',
    url: adminUrl,
    installExtensions: false,
    entities: [ApiKey],
  }).initialize();
  try {
    return (await issueKey(database.manager, { client: 'anonymous', scopes: [...scopes] })).key;
  } finally {
    await database.destroy();
  }
}

/** From now on what is injected shows this key, unless it says something else. */
export function showing(key: string, app: NestFastifyApplication): NestFastifyApplication {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRequest', ({ headers }, _reply, done) => {
    if (headers.authorization === 'none') delete headers.authorization;
    else headers.authorization ??= `Bearer ${key}`;
    done();
  });
  return app;
}
