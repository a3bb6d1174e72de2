import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { runningProcess, type Output, type RunningProcess } from './running-process.js';
import { searchPath } from './search-path.js';
import type { OnLine } from './server.js';
import type { SystemUser } from './unprivileged.js';

/**
 * Starts one of our services: it ends by itself when its stdin does (PAID_ONCE_LIFELINE), so it needs no shell.
 * @param options.entry the built main.js
 * @param options.env   everything it is to find in its environment, but for PATH
 */
export function startService(options: {
  name: string;
  entry: string;
  args?: string[];
  env: Record<string, string>;
  onLine?: OnLine;
}): RunningProcess {
  const { name, entry, args = [], env, onLine } = options;
  const child = spawn(process.execPath, ['--enable-source-maps', entry, ...args], {
    env: { PATH: searchPath(), ...env, PAID_ONCE_LIFELINE: 'stdin' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: ownProcessGroup,
  });
  if (child.pid === undefined) throw new Error(`${name} cannot be started: ${process.execPath} ${entry}`);
  return runningProcess({ name, child, pid: child.pid, output: watchOutput(child, onLine), guarded: true });
}

/**
 * Starts a program that knows nothing of us, under a shell that reads a pipe of ours. When this process is gone, even
 * by kill -9, the shell ends the program: gently first, after `graceSeconds` by force, with its children.
 * @param options.leftover a directory that the shell removes then
 */
export async function startOnLifeline(options: {
  name: string;
  command: string[];
  cwd: string;
  env: Record<string, string>;
  user?: SystemUser;
  gentleSignal: NodeJS.Signals;
  graceSeconds?: number;
  leftover?: string;
  onLine?: OnLine;
}): Promise<RunningProcess> {
  const { name, command, cwd, env, user, gentleSignal, graceSeconds = 5, leftover = '', onLine } = options;
  const signal = gentleSignal.replace(/^SIG/, '');
  const child = spawn(
    '/bin/sh',
    ['-c', lifelineScript, name, signal, String(graceSeconds), leftover, ...command],
    {
      ...user,
      cwd,
      env: { PATH: searchPath(), LANG: 'C.UTF-8', ...env },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: ownProcessGroup,
    },
  );
  const output = watchOutput(child, onLine);
  await once(child, 'spawn');
  return runningProcess({ name, child, pid: await readPid(child), output, guarded: false });
}

// Ctrl-C in a terminal goes to the whole process group of the launcher, which alone decides in which order things stop.
const ownProcessGroup = true;

// $p is the program, never reaped before `wait` ends. The watcher keeps its copy of the pipe (4), since the shell gives
// what runs in the background /dev/null for stdin. Once the launcher is gone the watcher lets nothing stop it.
const lifelineScript = `
signal=$1 grace=$2 leftover=$3; shift 3
exec 4<&0
"$@" </dev/null 3>&- 4<&- & p=$!
echo $p >&3; exec 3>&-
(
  read -r _ <&4
  trap '' TERM HUP INT PIPE
  all="$p $(pgrep -P $p | tr '\\n' ' ')"
  kill -CONT $all; kill -$signal $p
  n=0; while [ $n -lt $((grace * 10)) ] && kill -0 $p; do sleep 0.1; n=$((n + 1)); done
  kill -KILL $all
  [ -z "$leftover" ] || rm -rf "$leftover" || { sleep 1; rm -rf "$leftover"; }
) >/dev/null 2>&1 & watcher=$!
exec 4<&-
wait $p; status=$?
kill $watcher 2>/dev/null; wait $watcher 2>/dev/null
exit $status
`;

async function readPid(child: ChildProcess): Promise<number> {
  const stream = child.stdio[3] as Readable;
  const [line] = (await once(createInterface({ input: stream }), 'line')) as [string];
  return Number(line);
}

function watchOutput(child: ChildProcess, onLine: OnLine = () => {}): Output {
  const kept: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (line) => {
      kept.push(line);
      if (kept.length > 60) kept.shift();
      onLine(line);
    });
  }
  // A program that is gone cannot be told anything; its end is told by `exited`.
  child.stdin?.on('error', () => {});
  child.on('error', () => {});
  return { lastLines: () => kept.join('\n') };
}
