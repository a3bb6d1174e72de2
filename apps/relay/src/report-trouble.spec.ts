import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ReportTrouble } from './report-trouble.js';

describe('a shard that is not published', () => {
  let trouble: ReportTrouble;
  let warned: string[];
  beforeEach(() => {
    trouble = new ReportTrouble({ broker: 'rabbit:5672', database: 'postgres:5432' });
    warned = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warned.push(line));
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => {});
  });
  afterEach(() => void jest.restoreAllMocks());

  const timedOut = { kind: 'database-lost', cause: new Error('Query read timeout') } as const;

  it('is reported, and keeps the relay unready, when its statements time out while the database answers the beats', () => {
    trouble.beat(undefined);
    trouble.pass(2, timedOut);
    trouble.pass(2, timedOut);
    expect(warned).toEqual([
      expect.stringContaining('passes over the outbox to succeed: Query read timeout'),
    ]);
    expect(() => trouble.checkPasses()).toThrow('shard 2 is not published: Query read timeout');
    trouble.pass(2, { kind: 'drained' });
    expect(() => trouble.checkPasses()).not.toThrow();
  });

  it('is not told beside the database, when that does not answer the beats either', () => {
    trouble.beat(new Error('timeout expired'));
    trouble.pass(2, timedOut);
    expect(warned).toEqual([expect.stringContaining('Postgres at postgres:5432')]);
    expect(() => trouble.checkPasses()).not.toThrow();
  });

  it('is forgotten when the shard was given away', () => {
    trouble.pass(2, { kind: 'not-published', cause: new Error('nacked') });
    expect(() => trouble.checkPasses()).toThrow('shard 2 is not published: nacked');
    trouble.pass(2, { kind: 'stopped' });
    expect(() => trouble.checkPasses()).not.toThrow();
  });
});
