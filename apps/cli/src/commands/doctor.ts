import { dirname } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import type { Finding } from '../doctor/finding.js';
import { addVerb, type Context, type Run } from '../verb.js';

export function addDoctor(program: Command, run: Run): void {
  addVerb(program, {
    name: 'doctor',
    does: 'say what this machine lacks to run the system, and what a running one lacks',
    examples: [
      ['doctor', 'Node, disk, memory, servers, ports; the processes, if they run'],
      ['doctor --json', 'for scripts; exit code 3 when something will not work'],
    ],
  }).action((flags: { json?: true }) =>
    run(flags.json === true, async (context) => {
      const { out } = context;
      const findings = await examine(context);
      out.result({ findings });
      const width = Math.max(...findings.map(({ what }) => what.length));
      for (const { what, state, says, next } of findings) {
        out.say(`${mark(context, state)} ${what.padEnd(width)}  ${says}`);
        if (next !== undefined) out.say(`  ${' '.repeat(width)}  ${out.colours.dim(next)}`);
      }
      const isWell = findings.every(({ state }) => state !== 'bad');
      out.next(isWell ? 'npx paid-once status' : 'npx paid-once doctor');
      return isWell ? exitCodes.done : exitCodes.unreachable;
    }),
  );
}

// What it looks with is loaded by this verb alone: the others stay quick.
async function examine({ settings, checkout, signal }: Context): Promise<Finding[]> {
  const [
    { ofNode, ofDisk, ofMemory },
    { ofServers },
    { ofPorts },
    { isThere, ofSystem },
    { stateDirectoryOf },
    state,
  ] = await Promise.all([
    import('../doctor/machine.js'),
    import('../doctor/servers.js'),
    import('../doctor/ports.js'),
    import('../doctor/system.js'),
    import('@paid-once/infrastructure'),
    import('../stack/state.js'),
  ]);
  const { urls, ports, ...servers } = settings();
  const directory = await stateDirectoryOf(checkout);
  const isRunning = (await state.runningStart(directory)) !== undefined || (await isThere(urls, signal));
  return [
    ofNode(process.version),
    await ofDisk(dirname(directory)),
    ofMemory(),
    ...(await ofServers({ urls, ports, ...servers })),
    ...(await ofPorts(ports, isRunning)),
    ...(isRunning ? await ofSystem(urls, signal) : []),
  ];
}

function mark({ out: { colours } }: Context, state: Finding['state']): string {
  return { ok: colours.green('✓'), warn: colours.yellow('▲'), bad: colours.red('✗') }[state];
}
