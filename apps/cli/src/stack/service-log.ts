import { z } from 'zod';
import type { Output } from '../output/output.js';

const columnWidth = 9;

/** How many of the lines that are not shown are kept, for when a start fails. */
const keptLines = 40;

export interface ServiceLog {
  line: (name: string, line: string) => void;
  /** The last lines that were not shown. */
  showKept: () => void;
}

/**
 * One line an event: a coloured column with who says it, and what. Services log JSON; Postgres and RabbitMQ tell about
 * every link that is cut, so their lines are only shown when a start fails.
 */
export function serviceLog(out: Output, shown: 'services' | 'nothing'): ServiceLog {
  const { colours } = out;
  const palette = [colours.cyan, colours.magenta, colours.blue, colours.green, colours.yellow];
  const colourOf = new Map<string, (text: string) => string>();
  const kept: string[] = [];
  const column = (name: string) => {
    const colour = colourOf.get(name) ?? palette[colourOf.size % palette.length] ?? String;
    colourOf.set(name, colour);
    return colour(`${name.padEnd(columnWidth)} │`);
  };
  return {
    line(name, line) {
      const { level, text, context } = readEvent(line);
      if (text === '' || (level === 'log' && context !== undefined && frameworkContexts.has(context))) return;
      const shade = levelColours(colours)[level] ?? String;
      const said = `${column(name)} ${shade(text)}`;
      if (shown === 'services' && serviceNames.test(name)) return out.tell(said);
      kept.push(said);
      if (kept.length > keptLines) kept.shift();
    },
    showKept() {
      for (const line of kept.splice(0)) out.note(line);
    },
  };
}

/** What Nest tells of each module and route at every start. */
const frameworkContexts = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

const serviceNames = /^(payments|ledger|relay|console)(-\d+)?$/;

function levelColours({ red, yellow }: Output['colours']): Record<string, (text: string) => string> {
  return { error: red, fatal: red, warn: yellow };
}

/** A log line's level and its message on one line, with the part of the service that wrote it. */
export function readEvent(line: string): { level: string; text: string; context?: string | undefined } {
  const { data: event } = jsonText.pipe(logEvent).safeParse(line);
  if (event === undefined) return { level: 'log', text: line.trimEnd() }; // not one of ours
  const message = typeof event.message === 'string' ? event.message : JSON.stringify(event.message);
  const parts = [event.context && `${event.context}:`, message, event.stack && firstLines(event.stack)];
  const text = parts.filter(Boolean).join(' ').replaceAll('\n', ' ');
  return { level: event.level, text, context: event.context };
}

/** As Nest's ConsoleLogger writes it with `json`. */
const logEvent = z.object({
  level: z.string().default('log'),
  message: z.unknown().refine((message) => message !== undefined),
  context: z.string().optional(),
  stack: z.string().optional().catch(undefined),
});

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('no JSON');
    return z.NEVER;
  }
});

function firstLines(stack: string): string {
  return stack
    .split('\n')
    .slice(0, 2)
    .map((part) => part.trim())
    .join(' ');
}
