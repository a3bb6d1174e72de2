import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Stops packets on loopback to and from one port, for connections that exist and for new ones.
 * A shell that reads a pipe of ours takes the rules away again: also when this process is killed.
 * @param how DROP: they vanish; REJECT: whoever sends one is told that the connection is reset
 */
export async function dropPackets(
  port: number,
  how: 'DROP' | 'REJECT',
): Promise<{ remove: () => Promise<void> }> {
  const shell = spawn('/bin/sh', ['-c', script, 'packet-filter', String(port), how], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true, // Ctrl-C must not end it before it has cleaned up
  });
  const ended = once(shell, 'exit');
  const [said] = (await Promise.race([once(shell.stdout, 'data'), ended])) as [unknown];
  if (String(said).trim() !== 'ready') throw new Error(`no packet can be dropped here: ${String(said)}`);
  return {
    async remove() {
      shell.stdin.end();
      await ended;
    },
  };
}

// TCP alone can be answered with a reset; the other direction is dropped meanwhile.
const script = `
port=$1; how=$2
[ "$how" = REJECT ] && target='REJECT --reject-with tcp-reset' || target=DROP
rules() {
  iptables -w "$1" INPUT -i lo -p tcp --dport "$port" -j $target
  [ "$how" = REJECT ] || iptables -w "$1" INPUT -i lo -p tcp --sport "$port" -j DROP
}
trap 'rules -D' EXIT
trap 'exit 1' HUP INT TERM
rules -I && echo ready
read -r _
`;
