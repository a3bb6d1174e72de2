/**
 * Every link that can be cut, from the client to the ledger. Each is one Toxiproxy proxy of the same name.
 * `payments-rabbitmq` exists in lab mode only: it is the way of the first chapter's dual write.
 */
export const linkNames = [
  'payment',
  'payments-postgres',
  'payments-rabbitmq',
  'relay-postgres',
  'relay-rabbitmq',
  'ledger-rabbitmq',
  'ledger-postgres',
] as const;

export type LinkName = (typeof linkNames)[number];

/** Links that are cut and healed together: `rabbitmq` is what an outage of the broker looks like to everybody. */
export const linkGroups = {
  rabbitmq: ['payments-rabbitmq', 'relay-rabbitmq', 'ledger-rabbitmq'],
} as const satisfies Record<string, readonly LinkName[]>;

export type LinkGroup = keyof typeof linkGroups;

/** A proxy as Toxiproxy's HTTP API takes it; `listen` and `upstream` are `host:port`. */
export interface LinkProxy {
  name: LinkName;
  listen: string;
  upstream: string;
  enabled: boolean;
}

/** `host:port` on both sides: they differ between containers and local processes. */
export interface LinkEnds {
  listen: string;
  upstream: string;
}

/**
 * The proxies of the given links, in the order in which money passes them, all enabled.
 * A link that is left out gets no proxy.
 */
export function linkProxies(ends: Readonly<Partial<Record<LinkName, LinkEnds>>>): LinkProxy[] {
  return linkNames.flatMap((name) => {
    const { listen, upstream } = ends[name] ?? {};
    return listen === undefined || upstream === undefined ? [] : [{ name, listen, upstream, enabled: true }];
  });
}

/**
 * The links a user means by a link's or a group's name.
 * @throws UnknownLink
 */
export function linksCalled(name: string): readonly LinkName[] {
  if (isGroup(name)) return linkGroups[name];
  const link = linkNames.find((known) => known === name);
  if (link === undefined) throw new UnknownLink(name);
  return [link];
}

export class UnknownLink extends Error {
  override readonly name = 'UnknownLink';

  constructor(readonly link: string) {
    const groups = Object.entries(linkGroups).map(([group, links]) => `${group} (${links.join(', ')})`);
    super(`There is no link "${link}". Links: ${linkNames.join(', ')}. Groups: ${groups.join('; ')}.`);
  }
}

function isGroup(name: string): name is LinkGroup {
  return Object.hasOwn(linkGroups, name);
}
