import { z } from 'zod';

/** What can be done to a process: SIGKILL, SIGSTOP, SIGCONT, and a gentle stop with a new start. */
export const processActions = ['kill', 'stop', 'cont', 'restart'] as const;
export type ProcessAction = (typeof processActions)[number];

/** A process of the running system, as its launcher tells of it. */
export const processInfo = z.object({
  name: z.string(),
  /** A service that dies is started again after a second; a server stays dead until it is restarted. */
  kind: z.enum(['service', 'server']),
  /** null while there is none, and for a container. */
  pid: z.number().nullable(),
  /** stopped: frozen by SIGSTOP, or paused. restarting: down, and being started again. */
  state: z.enum(['running', 'stopped', 'dead', 'restarting']),
  /** Since when it is so, as far as the launcher has seen: it looks once a second. */
  since: z.string(),
});
export type ProcessInfo = z.infer<typeof processInfo>;
