// `node .ci/jest-report.mjs REPORT EXIT`: from what Jest wrote down with --json, how many tests passed and failed, and
// below it each failure: its file, its title, and the first lines of its error. A run that wrote nothing is one failure,
// and so is one that ended badly although every test passed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [report, exitCode] = process.argv.slice(2);
const read = () => {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { numPassedTests: 0, testResults: [] };
  }
};
const { numPassedTests, testResults } = read();
const plain = (text) => text.replaceAll(/\u001B\[[\d;]*m/g, '');
const begins = (text) => plain(text).trim().split('\n').slice(0, 12).join('\n').slice(0, 1_200);
const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (status === 'failed' && failed.length === 0) return [`${file}: ${begins(message)}`];
  return failed.map(
    ({ fullName, failureMessages }) => `${file}: ${fullName}\n${begins(failureMessages.join('\n'))}`,
  );
});
if (exitCode !== '0' && failures.length === 0)
  failures.push(`Jest ended with ${exitCode}, and names no test.`);
process.stdout.write(`${[`${numPassedTests} ${failures.length}`, ...failures].join('\n\n')}\n`);
