import {
  cloudEvent,
  cloudEventContentType,
  eventName,
  isUuidV7,
  markerType,
  messageHeaders,
  paymentEventData,
  paymentEventSchemaVersion,
  paymentEventTypes,
  plainEventOf,
  predecessorOf,
  type PaymentEventData,
  type PaymentEventType,
} from '@paid-once/contracts';
import { bodyHash, type Identified, type Message, type Parking } from '@paid-once/inbox';
import { isAmbiguousJson } from '@paid-once/service';
import type { z } from 'zod';

/** A payment event that may be posted, with the message that carried it. */
export interface PaymentEvent extends Identified, PaymentEventData {
  type: PaymentEventType;
  /** What the events that follow this one refer to. */
  name: string;
  /** The name of the event that must be posted before. */
  follows: string | undefined;
  message: Message;
}

/** A message that posts nothing: that its id is remembered is all it is for. */
export interface Marker extends Identified {
  isMarker: true;
}

/** The largest body that is looked into, in bytes; ours have about 430. */
const maxBodyBytes = 256 * 1024;
const maxHeaders = 100;
const envelopeFields = ['type', 'subject', 'key', 'causation'];

/** As `readEvent`, for many. */
export function readEvents(messages: Message[]) {
  const read: { events: PaymentEvent[]; markers: Marker[]; parkings: Parking[] } = {
    events: [],
    markers: [],
    parkings: [],
  };
  for (const message of messages) {
    const what = readEvent(message);
    if ('reason' in what) read.parkings.push(what);
    else if ('isMarker' in what) read.markers.push(what);
    else read.events.push(what);
  }
  return read;
}

/**
 * Reads what a publisher sent, trusting nothing.
 * @returns the event or marker, or why the message is parked
 */
function readEvent(message: Message): PaymentEvent | Marker | Parking {
  const refuse = (reason: Parking['reason'], detail: string): Parking => ({ message, reason, detail });
  const { messageId, headers, body } = message;
  if (body.length > maxBodyBytes) return refuse('too-big', `the body has ${body.length} bytes`);
  if (Object.keys(headers).length > maxHeaders)
    return refuse('too-big', `there are more than ${maxHeaders} headers`);
  if (messageId === undefined || !isUuidV7(messageId))
    return refuse('no-identity', 'the message id is no UUIDv7');
  const json = readJson(message);
  if ('unreadable' in json) return refuse('unreadable', json.unreadable);
  if (json.isAmbiguous) return refuse('invalid', 'it has a key twice, or is nested too deeply');
  const envelope = json.plain
    ? { success: true as const, data: json.plain }
    : cloudEvent.safeParse(json.value);
  if (!envelope.success) return refuse('invalid', `no CloudEvent: ${faultsOf(envelope.error)}`);
  const { id, type, subject } = envelope.data;
  if (id !== messageId) return refuse('no-identity', 'the ids of message and event differ');
  const version = headers[messageHeaders.schemaVersion];
  if (version !== paymentEventSchemaVersion)
    return refuse('unsupported', `schema version ${JSON.stringify(version)}`);
  const run = headers[messageHeaders.run];
  const identity = { messageId, bodyHash: bodyHash(body), run: typeof run === 'string' ? run : undefined };
  if (type === markerType && message.type === markerType) return { ...identity, isMarker: true };
  if (!isPaymentEventType(type)) return refuse('unsupported', `type ${type.slice(0, 100)}`);
  const data = json.plain
    ? { success: true as const, data: json.plain.data }
    : paymentEventData.safeParse(envelope.data.data);
  if (!data.success) return refuse('invalid', faultsOf(data.error));
  const { paymentId } = data.data;
  const follows = predecessorOf(type, paymentId);
  const said = [message.type, subject, headers[messageHeaders.key], headers[messageHeaders.causation]];
  const expected = [type, paymentId, paymentId, follows];
  const differs = expected.findIndex((text, n) => said[n] !== text);
  if (differs >= 0) return refuse('invalid', `its ${envelopeFields[differs]} is not that of its data`);
  return { ...data.data, ...identity, type, follows, message, name: eventName(type, paymentId) };
}

interface ReadJson {
  /** It is written as payments writes, and checked: nearly all are. */
  plain?: ReturnType<typeof plainEventOf>;
  value?: unknown;
  isAmbiguous: boolean;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

function readJson({ contentType, contentEncoding, body }: Message): ReadJson | { unreadable: string } {
  if (contentEncoding !== undefined) return { unreadable: 'it is compressed or encoded' };
  if (contentType !== cloudEventContentType)
    return { unreadable: `its content type is not ${cloudEventContentType}` };
  try {
    const text = strictUtf8.decode(body);
    const plain = plainEventOf(text);
    if (plain) return { plain, isAmbiguous: false };
    const value: unknown = JSON.parse(text);
    return { value, isAmbiguous: isAmbiguousJson(value, text) };
  } catch (error) {
    return { unreadable: error instanceof SyntaxError ? 'it is no JSON' : 'it is no UTF-8' };
  }
}

function isPaymentEventType(type: string): type is PaymentEventType {
  return (paymentEventTypes as readonly string[]).includes(type);
}

function faultsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`).join('; ');
}
