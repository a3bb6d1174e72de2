import { startServer, type SeenRequest, type Step } from './scripted-server.js';

/** Accepts each key once: 201, then 208. What may happen to an answer on its way comes from the script. */
export async function startPayments(
  script: (request: SeenRequest, seen: number) => Step | undefined = () => undefined,
) {
  /** By key: who paid. */
  const accepted = new Map<string, string>();
  let seen = 0;
  const server = await startServer((request) => {
    const { key = `none ${seen}` } = request;
    const status = accepted.has(key) ? 208 : 201;
    accepted.set(key, request.body.src);
    return script(request, ++seen) ?? status;
  });
  return {
    ...server,
    accepted,
    /** The keys of each payer: with one each, nobody was paid twice. */
    keysOf: () => Map.groupBy(accepted.keys(), (key) => accepted.get(key)),
  };
}
