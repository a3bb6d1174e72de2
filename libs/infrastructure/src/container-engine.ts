import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { ContainerRuntimeClient } from 'testcontainers';

export const postgresImage = 'postgres:17-alpine';
export const rabbitMqImage = 'rabbitmq:4-management-alpine';

/** Testcontainers, imported only when it is asked for: it is large, and not there in production. */
export async function testcontainers(): Promise<typeof import('testcontainers')> {
  return import('testcontainers');
}

export interface ContainerEngine {
  hasImage(name: string): Promise<boolean>;
  /** @returns undefined when the image is there now, else why not */
  pull(name: string, limitMs: number): Promise<string | undefined>;
}

/**
 * The container engine that Testcontainers finds: by DOCKER_HOST, the usual sockets, or its own properties file.
 * @returns why there is none, when none answers within `limitMs` milliseconds
 */
export async function containerEngine(limitMs: number): Promise<ContainerEngine | string> {
  const library = await testcontainers().catch(() => undefined);
  if (!library) return 'the package testcontainers is not installed';
  const client = await within(limitMs, library.getContainerRuntimeClient());
  if (typeof client === 'string') return `no container engine answers (${client})`;
  // Ports are published on the engine's own loopback.
  if (!(await isThisMachine(client.info.containerRuntime.host)))
    return 'the container engine is on another machine';
  const { ImageName } = library;
  const hasImage = async (name: string): Promise<boolean> => client.image.exists(ImageName.fromString(name));
  return {
    hasImage,
    async pull(name, pullLimitMs) {
      const problem = await within(pullLimitMs, pullImage(client, ImageName.fromString(name)));
      if (problem !== undefined) return problem;
      return (await hasImage(name)) ? undefined : 'the engine did not say why';
    },
  };
}

/**
 * Inside a container Testcontainers names the engine by its bridge's gateway: ours, if the engine runs in here too.
 * An address that one can listen on is one's own; the list of interfaces leaves out a bridge without containers.
 */
export async function isThisMachine(host: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ port: 0, host }), 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function pullImage(client: ContainerRuntimeClient, image: ImageOf): Promise<undefined> {
  await client.image.pull(image);
}

type ImageOf = Parameters<ContainerRuntimeClient['image']['pull']>[0];

/** @returns what came of the work, or in words why nothing did */
async function within<Result>(limitMs: number, work: Promise<Result>): Promise<Result | string> {
  const limit = new AbortController();
  const tooLate = setTimeout(limitMs, `no answer within ${limitMs / 1000} s`, { signal: limit.signal });
  const outcome = work.catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  try {
    return await Promise.race([outcome, tooLate]);
  } finally {
    limit.abort();
    await tooLate.catch(() => {});
  }
}
