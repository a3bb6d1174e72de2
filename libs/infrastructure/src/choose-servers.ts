import { containerEngine, postgresImage, rabbitMqImage, type ContainerEngine } from './container-engine.js';
import type { ServersKind } from './server.js';

export type ServersSetting = 'auto' | ServersKind;

export interface ServersChoice {
  kind: ServersKind;
  /** One line for the user. */
  why: string;
}

const engineLimitMs = 3_000;
const pullLimitMs = 180_000;

/**
 * Chooses what Postgres and RabbitMQ run as. `auto` takes containers only where an engine answers soon and both images
 * are there or can be pulled.
 * @param say gets one line that says what was chosen and why, and one for each image that must be pulled
 * @throws Error when containers were asked for and cannot be had
 */
export async function chooseServers(
  setting: ServersSetting,
  say: (line: string) => void,
): Promise<ServersChoice> {
  const choice =
    setting === 'local' ? local('PAID_ONCE_SERVERS is local') : await tryContainers(setting, say);
  say(`servers: ${choice.kind === 'local' ? 'local processes' : 'containers'}, because ${choice.why}`);
  return choice;
}

/** Why no containers could be used now; undefined: an engine answers. Images that are missing are pulled by whoever starts them. */
export async function whyNoContainers(): Promise<string | undefined> {
  const engine = await containerEngine(engineLimitMs);
  return typeof engine === 'string' ? engine : undefined;
}

async function tryContainers(
  setting: 'auto' | 'containers',
  say: (line: string) => void,
): Promise<ServersChoice> {
  const engine = await containerEngine(engineLimitMs);
  const obstacle = typeof engine === 'string' ? engine : await missingImage(engine, say);
  if (obstacle === undefined) {
    const why = 'a container engine answers and has the images';
    return { kind: 'containers', why: setting === 'auto' ? why : 'PAID_ONCE_SERVERS=containers' };
  }
  if (setting === 'auto') return local(obstacle);
  throw new Error(`PAID_ONCE_SERVERS=containers, but ${obstacle}: mend that, or set PAID_ONCE_SERVERS=local`);
}

async function missingImage(
  engine: ContainerEngine,
  say: (line: string) => void,
): Promise<string | undefined> {
  for (const image of [postgresImage, rabbitMqImage]) {
    if (await engine.hasImage(image)) continue;
    say(`pulling the image ${image} …`);
    const problem = await engine.pull(image, pullLimitMs);
    if (problem !== undefined) return `the image ${image} is not there and cannot be pulled (${problem})`;
  }
  return undefined;
}

function local(why: string): ServersChoice {
  return { kind: 'local', why };
}
