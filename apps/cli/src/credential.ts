import { AsyncLocalStorage } from 'node:async_hooks';

const shown = new AsyncLocalStorage<string | undefined>();

/** Whatever this work asks of a service, it shows this API key. */
export const showing = <Result>(key: string | undefined, work: () => Result): Result => shown.run(key, work);

/** What the verb that is being run shows to the services: undefined in lab mode, which needs none. */
export const apiKey = (): string | undefined => shown.getStore();
