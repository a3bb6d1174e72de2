import { describe, expect, it, jest } from '@jest/globals';
import type { Asked } from '../../cli/src/status/parts.js';
import { Asking } from './asking.js';

describe('a part that is asked', () => {
  it('is said to hang once it has not answered for two seconds, and answers again when it does', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(10_000);
    try {
      let answer: (answer: Asked<number>) => void = () => {};
      const part = new Asking(() => new Promise<Asked<number>>((resolve) => (answer = resolve)));
      const first = part.again();
      answer({ value: 1 });
      await first;
      expect(part.now).toEqual({ value: 1 });
      const second = part.again();
      now.mockReturnValue(11_900);
      expect(part.now).toEqual({ value: 1 });
      now.mockReturnValue(13_100);
      expect(part.now).toEqual({ reason: 'It has not answered for 3 s.' });
      answer({ value: 2 });
      await second;
      expect(part.now).toEqual({ value: 2 });
    } finally {
      now.mockRestore();
    }
  });

  it('is left in peace for four times as long as an answer took that was dear', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      let asked = 0;
      const part = new Asking(async () => {
        asked++;
        now.mockReturnValue(1_500);
        return { value: asked };
      });
      await part.again();
      now.mockReturnValue(7_400);
      await part.again();
      expect(asked).toBe(1);
      now.mockReturnValue(7_600);
      await part.again();
      expect(asked).toBe(2);
    } finally {
      now.mockRestore();
    }
  });

  it('is asked again soon after it has hung once: that was not what its answers cost', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      let asked = 0;
      const answerAt = [10, 60_020];
      const part = new Asking(async () => {
        now.mockReturnValue(answerAt[asked++] ?? 0);
        return { value: asked };
      });
      await part.again();
      now.mockReturnValue(20);
      await part.again();
      now.mockReturnValue(60_040);
      await part.again();
      expect(asked).toBe(3);
    } finally {
      now.mockRestore();
    }
  });
});
