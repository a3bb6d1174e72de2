/** The envelope of the project's messages around the data of an outbox row. */
export function eventOf({ id, type, key, createdAt, payload }) {
  return {
    specversion: '1.0',
    id,
    source: '/payments',
    type,
    subject: key,
    time: new Date(createdAt).toISOString(),
    datacontenttype: 'application/json',
    data: payload,
  };
}
