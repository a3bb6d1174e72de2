// `npm run test:browser`: the console's page in a real browser, on a real system. With --all also what takes minutes
// (project `browser-long`). Everything else is passed on to Jest.
import { spawnSync } from 'node:child_process';

const given = process.argv.slice(2);
const projects = given.includes('--all') ? ['browser', 'browser-long'] : ['browser'];
const passedOn = given.filter((flag) => flag !== '--all');
const { status, signal } = spawnSync(
  'npm',
  ['run', '--silent', 'jest', '--', '--selectProjects', ...projects, '--maxWorkers=1', ...passedOn],
  { stdio: 'inherit' },
);
if (signal) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
