/** The limits of the HTTP entrance: one table with reasons. Values are the defaults; names carry their unit. */
type Limit = { readonly value: number; readonly doc: string; readonly why: string };

export const httpLimits = {
  send_body_bytes: {
    value: 30_000_000,
    doc: 'Largest body of a request that sends mail (413)',
    why: 'a message of 25 MB with its attachments in base64',
  },
  body_bytes: {
    value: 1_000_000,
    doc: 'Largest body of any other request (413)',
    why: 'none of them is longer than a page of text',
  },
  bodies_bytes: {
    value: 256_000_000,
    doc: 'Bodies of all requests in progress together (503)',
    why: 'a body is kept in memory until its message is stored',
  },
  requests_per_minute: {
    value: 300_000,
    doc: 'Requests of one API key in a minute (429)',
    why: 'above what one office accepts on a small machine: it stops loops that ran wild, nothing else',
  },
  wait_ms: {
    value: 60_000,
    doc: 'Longest time that `?wait=` holds an answer back',
    why: 'proxies on the way give up soon after a minute',
  },
  waits: {
    value: 5_000,
    doc: 'Requests that wait at the same time; further ones are answered at once, as things stand',
    why: 'each holds a connection',
  },
  streams: {
    value: 500,
    doc: 'Event streams open at the same time (429)',
    why: 'each holds a connection and reads the log',
  },
  streams_per_key: {
    value: 20,
    doc: 'Of these, by one API key (429)',
    why: 'one tab or program needs one',
  },
} as const satisfies Record<string, Limit>;

export type HttpLimits = { readonly [Name in keyof typeof httpLimits]: number };

export const defaultHttpLimits: HttpLimits = valuesOf(httpLimits);

function valuesOf(table: typeof httpLimits): HttpLimits {
  return Object.fromEntries(Object.entries(table).map(([name, limit]) => [name, limit.value])) as HttpLimits;
}
