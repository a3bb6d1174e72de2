import { z } from 'zod';

export const cloudEventContentType = 'application/cloudevents+json';

/** The envelope on the wire. `data` is checked by the schema of its `type`. */
export const cloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.string(),
  datacontenttype: z.literal('application/json'),
  data: z.unknown(),
});
export type CloudEvent = z.infer<typeof cloudEvent>;

/**
 * The bytes of a CloudEvents 1.0 message whose data is already JSON: the outbox row's payload is put in as it is,
 * so that what was committed with the payment is what travels.
 * @param time     when the row was written, by the clock of the payments database
 * @param dataJson a JSON text
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export function cloudEventBody(event: {
  id: string;
  source: string;
  type: string;
  subject: string;
  time: Date;
  dataJson: string;
}): Buffer {
  const { id, source, type, subject, time } = event;
  const head = JSON.stringify({
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    time: time.toISOString(),
    datacontenttype: 'application/json',
  });
  return Buffer.from(`${head.slice(0, -1)},"data":${event.dataJson}}`);
}
