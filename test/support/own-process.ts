import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { freePorts } from '@paid-once/infrastructure';
import { builtProgram } from '../../apps/cli/src/checkout.js';
import type { ServiceName } from '../../apps/cli/src/services.js';
import { withInherited } from '../../apps/cli/src/stack/stack-environment.js';
import type { TestStack } from './test-stack.js';

/** One more process of a running system, beside those that its launcher looks after. */
export class OwnProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * @param options.output where it writes: nowhere that has room, or to somebody who has gone away
   * @param options.env    settings other than the system's
   */
  static async start(
    system: TestStack,
    service: ServiceName,
    options: { output?: 'full-disk' | 'closed-pipe'; env?: Record<string, string> } = {},
  ): Promise<OwnProcess> {
    const [port] = await freePorts(1);
    const settings = {
      ...system.stack.env,
      [`PAID_ONCE_${service.toUpperCase()}_PORT`]: String(port),
      ...options.env,
    };
    const output = options.output === 'full-disk' ? openSync('/dev/full', 'w') : 'pipe';
    const child = spawn(process.execPath, ['--enable-source-maps', builtProgram(service, 'main')], {
      env: { PATH: process.env['PATH'], ...withInherited(settings), PAID_ONCE_LIFELINE: 'stdin' },
      stdio: ['pipe', output, output],
    });
    for (const stream of [child.stdout, child.stderr])
      if (options.output === 'closed-pipe') stream?.destroy();
      else stream?.resume();
    return new OwnProcess(`http://127.0.0.1:${port}`, child);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}
