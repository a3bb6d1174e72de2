/**
 * Of `message`, which a statement names so: what is in it, up to as many bytes as one may have. A larger one was written
 * past whoever bounds what comes in; its size is read, without its contents.
 */
export const maxMessageBytes = 64 * 1024;

const tooBig = `octet_length(message.payload) + octet_length(message.headers::text) > ${maxMessageBytes}`;

export const boundedContents = `
       CASE WHEN ${tooBig} THEN '{}' ELSE message.headers END AS headers,
       CASE WHEN ${tooBig} THEN '' ELSE message.payload END AS payload`;

export const boundedMessage = `${boundedContents},
       ${tooBig} AS too_big`;
