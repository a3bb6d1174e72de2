import { ensureRabbitMq, findRabbitMq, whyNoContainers } from '@paid-once/infrastructure';
import type { CliSettings } from '../settings.js';
import { bad, ok, warn, type Finding } from './finding.js';

/** What Postgres and RabbitMQ would run as, and whether that can be had. Nothing is installed or pulled for it; `auto` falls back to processes. */
export async function ofServers({ servers, install }: CliSettings): Promise<Finding[]> {
  if (servers === 'containers') return [await ofContainers()];
  return [ok('postgres', 'comes with npm install'), await ofRabbitMq(install)];
}

async function ofContainers(): Promise<Finding> {
  const obstacle = await whyNoContainers();
  if (obstacle === undefined) return ok('containers', 'a container engine answers');
  return bad(
    'containers',
    obstacle,
    'Start the engine, or set PAID_ONCE_SERVERS=local: then no containers are needed.',
  );
}

async function ofRabbitMq(install: CliSettings['install']): Promise<Finding> {
  const found = await findRabbitMq();
  if (found) return ok('rabbitmq', `${found.version} in ${found.directory}`);
  if (install === 'auto')
    return warn(
      'rabbitmq',
      'is not installed',
      'npm start installs it by apt-get, where it may; else: sudo apt-get install rabbitmq-server',
    );
  const missing: unknown = await ensureRabbitMq(() => {}, { install: 'never' }).catch(
    (error: unknown) => error,
  );
  return bad(
    'rabbitmq',
    missing instanceof Error ? missing.message : 'is not installed',
    'Install it, or unset PAID_ONCE_INSTALL.',
  );
}
