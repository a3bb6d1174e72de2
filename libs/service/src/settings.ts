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

export const flag = z
  .enum(['true', 'false'], { error: 'is neither true nor false' })
  .transform((text) => text === 'true')
  .default(false);

export const port = (otherwise: number) => integer({ min: 1, max: 65_535, otherwise });

export const integer = ({ min, max, otherwise }: { min: number; max: number; otherwise: number }) =>
  z
    .string()
    .regex(/^\d{1,10}$/, `is no whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `is not from ${min} to ${max}`)
    .default(otherwise);

/** A URL with one of these schemes, such as `postgres:`. */
export const url = (...schemes: string[]) =>
  z.string().refine(
    (text) => {
      const parsed = URL.parse(text);
      return (
        parsed !== null && schemes.includes(parsed.protocol) && parsed.hostname !== '' && !hasBareAt(text)
      );
    },
    `is no URL of the form ${schemes.map((scheme) => `${scheme}//…`).join(' or ')}; in a password, @ is written %40`,
  );

/** Which of two ends the password is anybody's guess, and readers of URLs guess differently. */
const hasBareAt = (url: string) => /^[^/]*\/\/[^/?#]*@[^/?#]*@/.test(url);

/** How long a service waits for an answer of its database, in milliseconds, unless told otherwise. */
export const databaseTimeoutMs = 6_000;

/** How long a request may take to arrive, in milliseconds, unless told otherwise. */
export const requestTimeoutMs = 15_000;

/** How many connections may be open to a service at once, unless told otherwise. */
export const maxConnections = 10_000;

/** For services that speak to the broker: a link that is silent for 2–3 heartbeats is given up. */
export const heartbeatSeconds = integer({ min: 1, max: 60, otherwise: 5 });

/** What every service reads; an app's own schema extends it. */
export const serviceSettings = z.object({
  PAID_ONCE_LAB: flag,
  PAID_ONCE_HOST: z.string().default('127.0.0.1'),
  /** Says that only a container's own network reaches this process, so that lab mode may listen beyond loopback. */
  PAID_ONCE_LAB_NETWORK: z.enum(['container'], { error: 'is not container' }).optional(),
  PAID_ONCE_DB_TIMEOUT_MS: integer({ min: 600, max: 60_000, otherwise: databaseTimeoutMs }),
  /** For the whole of a request to arrive; two thirds of it for the headers. */
  PAID_ONCE_REQUEST_TIMEOUT_MS: integer({ min: 300, max: 60_000, otherwise: requestTimeoutMs }),
  PAID_ONCE_MAX_CONNECTIONS: integer({ min: 1, max: 65_535, otherwise: maxConnections }),
  /** How many requests a client may send in a second to one process; 0: any number. */
  PAID_ONCE_REQUESTS_PER_SECOND: integer({ min: 0, max: 1_000_000, otherwise: 0 }),
  PAID_ONCE_CRASH_AT: z.string().optional(),
  PAID_ONCE_LIFELINE: z.enum(['stdin'], { error: 'is not stdin' }).optional(),
});
export type ServiceSettings = z.infer<typeof serviceSettings>;
