import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Notices } from './notices.js';

const ownerless = { what: 'shard 3 has no owner', says: 'its payments wait in the outbox' };

describe('what nobody meets with an error', () => {
  const lines: string[] = [];
  const logger = new Logger('test');
  let notices: Notices;
  let now = 1_000;
  beforeEach(() => {
    lines.length = 0;
    notices = new Notices(logger);
    jest.spyOn(logger, 'warn').mockImplementation((line) => void lines.push(`warn ${line}`));
    jest.spyOn(logger, 'log').mockImplementation((line) => void lines.push(`log ${line}`));
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => void jest.restoreAllMocks());

  it('is told once when it begins and once when it is over, however often somebody looks', () => {
    for (let looks = 0; looks < 3; looks++) notices.show([ownerless]);
    now += 2_500;
    for (let looks = 0; looks < 3; looks++) notices.show([]);
    notices.show([ownerless]);
    expect(lines).toEqual([
      'warn shard 3 has no owner: its payments wait in the outbox',
      'log over after 2.5 s: shard 3 has no owner',
      'warn shard 3 has no owner: its payments wait in the outbox',
    ]);
  });

  it('is not told at all when it is over before it has lasted as long as it may', () => {
    const late = { ...ownerless, afterSeconds: 60 };
    notices.show([late]);
    now += 59_000;
    notices.show([late]);
    notices.show([]);
    now += 59_000;
    notices.show([late]);
    expect(lines).toEqual([]);
    now += 60_000;
    notices.show([late]);
    expect(lines).toEqual(['warn shard 3 has no owner: its payments wait in the outbox']);
  });
});
