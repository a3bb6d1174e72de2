import { ConsoleLogger } from '@nestjs/common';
import { printable } from './printable.js';

/** Without the framework's own start-up chatter: what a reader looks for is what the service says. */
export class ServiceLogger extends ConsoleLogger {
  private static readonly chatter = new Set([
    'NestFactory',
    'NestApplication',
    'InstanceLoader',
    'RoutesResolver',
    'RouterExplorer',
  ]);

  /** @param name of the service, before each of its lines */
  constructor(name: string) {
    super({ json: true, prefix: name, flattenParams: true }); // what a line is about are fields of it: `messageId` …
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (!ServiceLogger.chatter.has(String(rest.at(-1)))) super.log(message, ...rest);
  }

  // JSON leaves some characters as they are that a terminal obeys.
  protected override stringifyJsonLogObject(logged: Record<string, unknown>): string {
    return printable(super.stringifyJsonLogObject(logged));
  }
}
