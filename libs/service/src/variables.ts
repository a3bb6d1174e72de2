import { configuration } from './configuration.js';

// What our programs tell each other, and those who develop them: not for whoever runs the system.
const internal = `
  CHROMIUM
  COMMAND
  CONNECTIONS
  DB_URL
  LAUNCHED
  ORDER
  RECORD_CONTRACTS
  RECORD_COSTS
  REDIS_URL
  ROWS
  STAND_STILL
  TTL_SECONDS
`;

const prefix = 'PAID_ONCE_';
/** A stack gives all of them to each process. What is not here is a slip of the pen, and would be a default that nobody asked for. */
export const knownVariables = new Set([
  ...Object.keys(configuration),
  ...internal
    .trim()
    .split(/\s+/)
    .map((name) => prefix + name),
]);

/**
 * @param schema what this program reads
 * @returns those of our prefix that no program knows, each with what may have been meant
 */
export function unknownVariables(environment: NodeJS.ProcessEnv, schema: string[]) {
  const isKnown = (variable: string) => knownVariables.has(variable) || schema.includes(variable);
  const given = Object.keys(environment).filter((variable) => variable.startsWith(prefix));
  return given
    .filter((variable) => !isKnown(variable) && !isKnown(variable.replace(/_FILE$/, '')))
    .map((variable) => {
      const near = [...knownVariables, ...schema].find((each) => isOneSlipAway(variable, each));
      return { variable, fault: `is no variable of ours${near ? `; is ${near} meant?` : ''}` };
    });
}

/** One character more, less or other, or two that changed places. */
function isOneSlipAway(a: string, b: string): boolean {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  const [afterA, afterB] = [restA.slice(1), restB.slice(1)];
  const isSwap = restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
  return afterA === restB || restA === afterB || afterA === afterB || isSwap;
}
