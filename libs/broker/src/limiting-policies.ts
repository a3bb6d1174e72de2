import { z } from 'zod';
import { BrokerAdminRefused, type BrokerAdmin } from './broker-admin.js';

/** What a policy must not set on our queues: each of these drops, refuses or parks payments that are in order. */
const limits = ['max-length', 'max-length-bytes', 'message-ttl', 'expires', 'delivery-limit'];

const policies = z.array(
  z.object({
    name: z.string(),
    pattern: z.string(),
    'apply-to': z.string(),
    definition: z.record(z.string(), z.unknown()),
  }),
);

/** @throws BrokerAdminRefused a policy, or an operator's policy, limits one of these queues */
export async function refuseLimitingPolicies(
  admin: BrokerAdmin,
  vhost: string,
  queues: readonly string[],
): Promise<void> {
  for (const kind of ['policies', 'operator-policies']) {
    for (const policy of policies.parse(await admin.ask('GET', [kind, vhost]))) {
      const limiting = limits.filter((limit) => limit in policy.definition);
      const queue = queues.find((name) => appliesTo(policy, name));
      if (limiting.length === 0 || queue === undefined) continue;
      throw new BrokerAdminRefused(
        `The policy "${policy.name}" in vhost "${vhost}" (${kind}) sets ${limiting.join(', ')} on the queue ${queue}: ` +
          'payments would be dropped, refused or put out of order. Next: delete the policy or change its pattern, then run setup again.',
      );
    }
  }
}

function appliesTo(policy: { pattern: string; 'apply-to': string }, queue: string): boolean {
  if (!['all', 'queues', 'quorum_queues'].includes(policy['apply-to'])) return false;
  try {
    return new RegExp(policy.pattern).test(queue);
  } catch {
    return true; // RabbitMQ's expressions know more than ours: better a false alarm than a lost payment
  }
}
