import type { EntityManager } from 'typeorm';
import { lookUp } from './look-up.js';
import { insertIds, type Identified, type Once } from './once.js';

/**
 * As `once`, for messages that were parked and are tried again. That the inbox knows a message's own id does not make it
 * a repeat: what waited or was in conflict was remembered when it came. Nor does its age: whether it took effect in a
 * time that the inbox has forgotten is for the effect's own key to say, which forgets nothing.
 */
export async function onceAgain<Message extends Identified>(
  tx: EntityManager,
  messages: Message[],
): Promise<Once<Message>> {
  const answer: Once<Message> = { fresh: [], repeated: [], conflicting: [], otherRun: [], outsideWindow: [] };
  await insertIds(tx, messages, { ofAnyAge: true });
  const { runId, hashes } = await lookUp(tx, messages);
  const tried = new Set<string>();
  for (const message of messages) {
    const { messageId, bodyHash, run } = message;
    if (run !== runId) answer.otherRun.push(message);
    else if (hashes.get(messageId) !== bodyHash) answer.conflicting.push(message);
    else answer[tried.has(messageId) ? 'repeated' : 'fresh'].push(message);
    tried.add(messageId);
  }
  return answer;
}
