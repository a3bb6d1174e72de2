import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Control } from './control.js';
import { NotFromThisPage, ReadOnly } from './refusals.js';

/**
 * No other site may make a visitor's browser break links here: it cannot send this header without asking first, which is
 * refused, and browsers say where a request comes from.
 */
@Injectable()
export class FromThisPage implements CanActivate {
  constructor(private readonly control: Control) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (headers['x-paid-once-console'] !== '1')
      throw new NotFromThisPage('The header x-paid-once-console is missing. Nothing was done.');
    const { origin, host = '' } = headers;
    if (origin !== undefined && URL.parse(origin)?.host !== host)
      throw new NotFromThisPage('The request comes from another page. Nothing was done.');
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin')
      throw new NotFromThisPage('The request comes from another page. Nothing was done.');
    const { whyNot } = this.control;
    if (whyNot !== null) throw new ReadOnly(`Nothing was done: ${whyNot}.`);
    return true;
  }
}
