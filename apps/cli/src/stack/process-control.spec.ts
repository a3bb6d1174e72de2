import { afterEach, describe, expect, it } from '@jest/globals';
import { CliFailure } from '../failure.js';
import type { ManagedProcess } from './managed-processes.js';
import { ProcessControl } from './process-control.js';

/** A server that does as it is told, when it is told. */
class FakeProcess implements ManagedProcess {
  readonly kind = 'server';
  pid = 100;
  is: 'running' | 'stopped' | 'dead' = 'running';
  restarts = 0;
  whileRestarting = Promise.resolve();
  refusal: Error | undefined;

  constructor(readonly name: string) {}

  async state(): Promise<'running' | 'stopped' | 'dead'> {
    return this.is;
  }

  async kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.is = ({ SIGKILL: 'dead', SIGSTOP: 'stopped', SIGCONT: 'running' } as const)[signal];
  }

  async restart(): Promise<void> {
    this.restarts++;
    await this.whileRestarting;
    if (this.refusal) throw this.refusal;
    this.is = 'running';
    this.pid++;
  }
}

const controls: ProcessControl[] = [];
afterEach(() => Promise.all(controls.splice(0).map((control) => control.close())));

function controlOf(...processes: FakeProcess[]): { control: ProcessControl; said: string[] } {
  const said: string[] = [];
  const control = new ProcessControl(processes, (line) => said.push(line));
  controls.push(control);
  return { control, said };
}

describe('the control of the processes', () => {
  it('restarts once when it is asked twice at once: the second is refused, and says why', async () => {
    const database = new FakeProcess('payments-db');
    const { promise, resolve } = Promise.withResolvers<void>();
    database.whileRestarting = promise;
    const { control } = controlOf(database);
    const first = control.act('payments-db', 'restart');
    await expect(control.act('payments-db', 'restart')).rejects.toMatchObject({
      status: 409,
      message: 'payments-db is busy: the last restart has not ended yet.',
    });
    expect(await control.list()).toMatchObject([{ state: 'restarting', pid: null }]);
    resolve();
    expect(await first).toMatchObject({ state: 'running', pid: 101 });
    expect(database.restarts).toBe(1);
  });

  it.each(['kill', 'stop', 'cont'] as const)(
    'refuses to %s what is dead, and revives it by restart',
    async (action) => {
      const { control } = controlOf(new FakeProcess('rabbitmq'));
      expect(await control.act('rabbitmq', 'kill')).toMatchObject({ state: 'dead', pid: null });
      await expect(control.act('rabbitmq', action)).rejects.toMatchObject({ status: 409 });
      expect(await control.act('rabbitmq', 'restart')).toMatchObject({ state: 'running' });
    },
  );

  it('names all processes when it is asked for another one', async () => {
    const { control } = controlOf(new FakeProcess('payments-db'), new FakeProcess('ledger-db'));
    await expect(control.act('moon', 'kill')).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining('payments-db, ledger-db'),
    });
  });

  it('passes on what an engine says that cannot pause, and what a server says that does not start', async () => {
    const database = new FakeProcess('ledger-db');
    const { control } = controlOf(database);
    database.refusal = new Error('cgroups v1 cannot pause');
    await expect(control.act('ledger-db', 'stop')).rejects.toMatchObject({
      status: 503,
      message: 'stop ledger-db failed: cgroups v1 cannot pause',
    });
    database.refusal = new CliFailure(3, 'It was not ready within 20 s.', '', '');
    await expect(control.act('ledger-db', 'restart')).rejects.toMatchObject({
      status: 503,
      message: 'It was not ready within 20 s.',
    });
    expect(await control.list()).toMatchObject([{ state: 'running' }]);
  });

  it('tells since when a process is as it is, and what happens to it, also by other hands', async () => {
    const database = new FakeProcess('ledger-db');
    const { control, said } = controlOf(database);
    const [before] = await control.list();
    expect(await control.list()).toEqual([before]);
    database.is = 'dead';
    const [dead] = await control.list();
    expect(Date.parse(dead!.since)).toBeGreaterThanOrEqual(Date.parse(before!.since));
    expect(said).toEqual(['ledger-db is dead; it stays so until: npx paid-once restart ledger-db']);
    await control.act('ledger-db', 'restart');
    expect(said.at(-1)).toBe('ledger-db runs (process 101)');
  });

  it('lets what is frozen go on when it is closed', async () => {
    const database = new FakeProcess('ledger-db');
    const { control } = controlOf(database);
    await control.act('ledger-db', 'stop');
    await control.close();
    expect(database.is).toBe('running');
  });
});
