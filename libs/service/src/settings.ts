import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { unknownVariables } from './variables.js';

/** sysexits.h EX_CONFIG: the process cannot run as configured, and starting it again will not help. */
export const exitCodeBadSettings = 78;

/** Every faulty variable in one message; values are never told, they may be secrets. */
export class BadSettings extends Error {
  constructor(readonly faults: { variable: string; fault: string }[]) {
    super(`settings: ${faults.map(({ variable, fault }) => `${variable}: ${fault}`).join('; ')}`);
  }
}

/**
 * Reads the settings once, at the start. A variable may also be given as NAME_FILE: the path of a file that holds it.
 * @param schema keys are names of variables, with their bounds, defaults and descriptions
 * @throws BadSettings with all faults together
 */
export function readSettings<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  environment: NodeJS.ProcessEnv = process.env,
): z.infer<z.ZodObject<Shape>> {
  const faults = unknownVariables(environment, Object.keys(schema.shape));
  const given: Record<string, string> = {};
  for (const variable of Object.keys(schema.shape)) {
    const file = environment[`${variable}_FILE`];
    const value = environment[variable];
    if (file && value) faults.push({ variable, fault: `set both as itself and as ${variable}_FILE` });
    else if (value) given[variable] = value;
    else if (file) {
      try {
        given[variable] = readFileSync(file, 'utf8').trimEnd();
      } catch {
        faults.push({ variable, fault: `the file that ${variable}_FILE names cannot be read` });
      }
    }
  }
  const parsed = schema.safeParse(given);
  for (const issue of parsed.error?.issues ?? []) {
    const variable = String(issue.path[0]);
    if (!faults.some((fault) => fault.variable === variable))
      faults.push({
        variable,
        // What contradicts another variable may be this one's default.
        fault: variable in given || issue.code === 'custom' ? issue.message : 'not set',
      });
  }
  if (faults.length > 0 || !parsed.success) throw new BadSettings(faults);
  return parsed.data;
}

/** The settings, or one line on stderr and exit 78. */
export function settingsOrExit<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
): z.infer<z.ZodObject<Shape>> {
  return exitOnBadSettings(() => readSettings(schema));
}

export function exitOnBadSettings<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BadSettings)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(exitCodeBadSettings);
  }
}
