import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Waiting } from './waiting.js';

describe('what is away', () => {
  let said: string[];
  let waiting: Waiting;
  beforeEach(() => {
    said = [];
    const logger = new Logger('test');
    jest.spyOn(logger, 'warn').mockImplementation((line) => void said.push(`warn ${line}`));
    jest.spyOn(logger, 'log').mockImplementation((line) => void said.push(`log ${line}`));
    waiting = new Waiting(logger, 'RabbitMQ');
  });
  afterEach(() => void jest.restoreAllMocks());

  it('has a line when it begins, one for each further reason, however they alternate, and one when it is over', () => {
    for (let attempts = 0; attempts < 3; attempts++) {
      waiting.because(new Error('closed'));
      waiting.because(new Error('refused'));
    }
    waiting.overIfBegun();
    expect(said).toEqual([
      'warn waiting for RabbitMQ: closed',
      'warn still waiting for RabbitMQ: refused',
      expect.stringMatching(/^log RabbitMQ is back after \d+\.\d s$/),
    ]);
    waiting.overIfBegun();
    expect(said).toHaveLength(3);
    waiting.because(new Error('closed'));
    expect(said.at(-1)).toBe('warn waiting for RabbitMQ: closed');
  });

  it('does not fill the log with reasons that name something new each time', () => {
    for (let port = 0; port < 1_000; port++) waiting.because(new Error(`refused by port ${port}`));
    expect(said).toHaveLength(10);
  });
});
