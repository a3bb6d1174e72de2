import { z } from 'zod';
import { configurationParts } from '../configuration.js';

interface Variable {
  name: string;
  what: string;
  takes: string;
  /** What it is when it is not given: undefined, and not required, or required. */
  otherwise: string | undefined;
  isRequired: boolean;
}

function variableOf(name: string, type: z.ZodType): Variable {
  const inner = innermost(type);
  const takes = z.globalRegistry.get(inner)?.['takes'];
  const { data: otherwise, success } = type.safeParse(undefined);
  return {
    name,
    what: z.globalRegistry.get(type)?.description ?? '',
    takes: typeof takes === 'string' ? takes : 'text',
    otherwise: otherwise === undefined ? undefined : JSON.stringify(otherwise).replaceAll(/[[\]"]/g, ''),
    isRequired: !success,
  };
}

function innermost(type: z.ZodType): z.ZodType {
  return type instanceof z.ZodDefault || type instanceof z.ZodOptional
    ? innermost(type.unwrap() as z.ZodType)
    : type;
}

const parts = Object.entries(configurationParts).map(([part, variables]) => ({
  part,
  variables: Object.entries(variables).map(([name, type]) => variableOf(name, type)),
}));

export const allVariables = parts.flatMap(({ variables }) => variables);

const heading = `# Configuration

Written from the one schema, [configuration.ts](../libs/service/src/configuration.ts), by its test; do not edit it here.

Every setting is a variable of the environment. \`NAME_FILE\` names a file that holds the value: so secrets need not stand in
the environment. A value that cannot be, a name with a slip of the pen, and a required variable that is missing are told all
together, by their names and never with their values, and the process ends with 78. \`npm start\` and Docker Compose give each
process what it needs; of the variables below they take the ports, and \`npm start\` passes on all others.
`;

/** docs/configuration.md */
export function configurationPage(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const row = ({ name, what, takes, otherwise, isRequired }: Variable) => {
    const usual = isRequired ? 'required' : otherwise ? `\`${otherwise}\`` : '';
    return `| \`${name}\` | ${usual} | ${cell(takes)} | ${cell(what)} |`;
  };
  const tables = parts.map(({ part, variables }) =>
    [
      `## ${part}`,
      '',
      '| variable | default | takes | what |',
      '| --- | --- | --- | --- |',
      ...variables.map(row),
    ].join('\n'),
  );
  return [heading, ...tables.map((table) => `${table}\n`)].join('\n');
}

/** .env.example */
export function environmentExample(): string {
  const lines = ({ name, what, takes, otherwise, isRequired }: Variable) => [
    `# ${what}${isRequired ? ' (required)' : ''}`,
    `# ${name}=${otherwise ?? `<${takes}>`}`,
    '',
  ];
  return [
    '# Every setting, with its default. Docker Compose reads a .env by itself (the ports of it); a service of its own does so by',
    '# node --env-file=.env dist/apps/ledger/src/main.js. More: docs/configuration.md',
    '',
    ...parts.flatMap(({ part, variables }) => [`## ${part}`, '', ...variables.flatMap(lines)]),
  ].join('\n');
}
