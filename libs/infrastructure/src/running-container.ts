import { createInterface } from 'node:readline';
import type { ContainerRuntimeClient } from 'testcontainers';
import { testcontainers } from './container-engine.js';
import { poll } from './poll.js';
import type { OnLine, ProcessState } from './server.js';

/** A container with fixed ports on loopback. Testcontainers' reaper, if there, removes it when this process is killed. */
export interface RunningContainer {
  exec(command: string[]): Promise<string>;
  state(): Promise<ProcessState>;
  /** As of `Server`: SIGSTOP and SIGCONT pause and unpause the whole container. */
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(quick: boolean): Promise<void>;
  /** Ends and removes the container with its data. */
  remove(): Promise<void>;
}

interface ContainerOptions {
  image: string;
  environment: Record<string, string>;
  command?: string[];
  /** Ports on this machine by port inside: fixed, since a random one would change with each restart. */
  ports: Record<number, number>;
  isReady: () => Promise<true | undefined>;
  onLine?: OnLine;
}

const readyLimitMs = 120_000;

/** Asked for once: the answer may take a failed pull. */
let reaper: Promise<boolean> | undefined;

/** @throws Error with the container's last lines, when it is not ready in time or ends before */
export async function runContainer(options: ContainerOptions): Promise<RunningContainer> {
  const { GenericContainer, Wait, getContainerRuntimeClient, getReaper } = await testcontainers();
  const client = await getContainerRuntimeClient();
  // The reaper is a container too: where its image cannot be had, kill -9 of this process leaves containers behind.
  const hasReaper = await (reaper ??= getReaper(client).then(
    () => true,
    () => false,
  ));

  class LoopbackContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      const bindings: Record<string, { HostIp?: string }[]> = this.hostConfig.PortBindings ?? {};
      for (const binding of Object.values(bindings).flat()) binding.HostIp = '127.0.0.1';
    }
  }

  const lines = keepLines(options.onLine);
  const container = new LoopbackContainer(options.image)
    .withAutoCleanup(hasReaper)
    .withEnvironment(options.environment)
    .withExposedPorts(
      ...Object.entries(options.ports).map(([inside, host]) => ({ container: Number(inside), host })),
    )
    // Readiness is ours to tell: an open port, or a line in the log, comes before the server answers.
    .withWaitStrategy(Wait.forAll([]))
    .withLogConsumer((stream) => createInterface({ input: stream }).on('line', (line) => lines.add(line)));
  if (options.command) container.withCommand(options.command);
  const started = await container.start();
  const engine = engineOf(client, started.getId());

  const untilReady = async (): Promise<void> => {
    const outcome = await poll(
      async () => (await options.isReady()) ?? ((await engine.state()) === 'dead' ? 'ended' : undefined),
      readyLimitMs,
    );
    if (outcome !== true) throw new Error(`${options.image} did not become ready. It said:\n${lines.last()}`);
  };
  let removal: Promise<void> | undefined;
  const remove = (): Promise<void> =>
    (removal ??= engine
      .resume()
      .then(async () => void (await started.stop({ remove: true, removeVolumes: true }))));
  try {
    await untilReady();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    async exec(command) {
      const { exitCode, output } = await started.exec(command);
      if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}:\n${output}`);
      return output;
    },
    state: () => engine.state(),
    kill: (signal) => engine.kill(signal),
    async restart(quick) {
      await engine.resume();
      await started.restart({ timeout: quick ? 0 : 20_000 });
      await untilReady();
    },
    remove,
  };
}

interface Engine {
  state(): Promise<ProcessState>;
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Unpauses: what is paused can be neither stopped nor restarted. */
  resume(): Promise<void>;
}

function engineOf(client: ContainerRuntimeClient, id: string): Engine {
  const container = client.container.getById(id);
  const state = async (): Promise<ProcessState> => {
    const { Running, Paused } = (await container.inspect()).State;
    if (!Running) return 'dead';
    return Paused ? 'stopped' : 'running';
  };
  return {
    state,
    async resume() {
      if ((await state()) === 'stopped') await container.unpause();
    },
    async kill(signal) {
      const now = await state();
      if (now === 'dead') return;
      if (signal === 'SIGSTOP') return now === 'stopped' ? undefined : void (await container.pause());
      if (signal === 'SIGCONT') return now === 'stopped' ? void (await container.unpause()) : undefined;
      if (now === 'stopped') await container.unpause(); // an engine may refuse to signal what is paused
      await container.kill({ signal });
      if (signal === 'SIGKILL') await container.wait();
    },
  };
}

function keepLines(onLine: OnLine = () => {}): { add(line: string): void; last(): string } {
  const kept: string[] = [];
  return {
    add(line) {
      kept.push(line);
      if (kept.length > 60) kept.shift();
      onLine(line);
    },
    last: () => kept.join('\n'),
  };
}
