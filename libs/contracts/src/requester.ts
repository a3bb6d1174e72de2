import { z } from 'zod';

/** Text of a person, for people: no control characters, which would travel into somebody's terminal. */
export const plainText = (longest: number) =>
  z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^\P{Cc}*$/u, 'must be text without control characters')
    .refine((text) => text.isWellFormed(), 'must be well-formed text');

/** Who asks for something that no program would decide, and why. On both sides and for the command line the same. */
export const requester = { by: plainText(200), why: plainText(1_000) };
