import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Forbidden, Unauthenticated } from '@paid-once/service';
import type { FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import { Refused } from '../../cli/src/services.js';
import { Control, done } from './control.js';
import { NotFromThisPage, ReadOnly } from './refusals.js';

/**
 * No other site may make a visitor's browser break links here: it can neither read the token nor send this header without
 * asking first, which is refused, and browsers say where a request comes from. Outside lab mode it takes a key of one's own.
 */
@Injectable()
export class FromThisPage implements CanActivate {
  constructor(private readonly control: Control) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    this.refuseOthers(request);
    const { control, whyNot } = this.control.allowed;
    if (control === 'none') throw new ReadOnly(`Nothing was done: ${whyNot}.`);
    if (control === 'key') await this.refuseStrangers(keyOf(request));
    return true;
  }

  private refuseOthers({ headers }: FastifyRequest): void {
    if (!isSame(headers['x-paid-once-console'], this.control.token))
      throw new NotFromThisPage(
        'The header x-paid-once-console has not the token of this console: reload the page. Nothing was done.',
      );
    const { origin, host = '', 'sec-fetch-site': site } = headers;
    const isElsewhere = origin !== undefined && URL.parse(origin)?.host !== host;
    if (isElsewhere || (site !== undefined && site !== 'same-origin'))
      throw new NotFromThisPage('The request comes from another page. Nothing was done.');
  }

  private async refuseStrangers(key: string | undefined): Promise<void> {
    if (key === undefined) throw new Unauthenticated();
    await done(
      this.control.checkKey(key).catch((error: unknown) => {
        if (!(error instanceof Refused)) throw error;
        throw error.status === 403 ? new Forbidden('operate') : new Unauthenticated();
      }),
    );
  }
}

/** The API key that whoever uses the page gave it. */
export function keyOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (\S{1,200})$/.exec(headers.authorization ?? '')?.[1];
}

function isSame(given: unknown, token: string): boolean {
  if (typeof given !== 'string') return false;
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}
