// `npm run test:e2e`: what takes minutes. With --all also what takes longer still (project `long`), and every variant of
// suites that otherwise try one of each kind (TEST_ALL). Everything else is passed on to Jest.
import { spawnSync } from 'node:child_process';

const given = process.argv.slice(2);
const all = given.includes('--all');
const projects = all ? ['e2e', 'long'] : ['e2e'];
const { status, signal } = spawnSync(
  'npm',
  [
    ...['run', '--silent', 'jest', '--'],
    ...['--selectProjects', ...projects, '--maxWorkers=2'],
    ...given.filter((flag) => flag !== '--all'),
  ],
  { stdio: 'inherit', env: { ...process.env, ...(all && { TEST_ALL: 'true' }) } },
);
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
