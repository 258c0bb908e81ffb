/**
 * The limits of our SMTP servers: one table, read by the machine, the connection loop, the configuration (`[limits]`) and its
 * documentation. Values are the defaults; names carry their unit.
 */
type Limit = { readonly value: number; readonly doc: string; readonly why: string };

export const smtpLimits = {
  message_bytes: {
    value: 26_214_400,
    doc: 'Largest message taken; announced by SIZE, judged at MAIL and counted while reading (552 5.3.4)',
    why: 'RFC 1870; 25 MB is what large providers take',
  },
  oversize_bytes: {
    value: 26_214_400,
    doc: 'How much of a message beyond message_bytes is read and dropped, so that the refusal is heard, before the connection is cut',
    why: 'a client reads the reply only after it has sent everything',
  },
  recipients_per_message: {
    value: 1_000,
    doc: 'Recipients of one transaction; further ones are answered 452 4.5.3',
    why: 'RFC 5321 §4.5.3.1.8 asks for 100 at least',
  },
  command_line_bytes: {
    value: 2_048,
    doc: 'Longest command line, CRLF included; a longer one is answered 500 5.5.2',
    why: 'RFC 5321 §4.5.3.1.4 asks for 512 and more by extensions',
  },
  auth_line_bytes: {
    value: 12_288,
    doc: 'Longest line of an AUTH exchange',
    why: 'RFC 4954 §4',
  },
  errors_per_connection: {
    value: 20,
    doc: 'Refused commands since the last accepted message, after which the connection is closed (421)',
    why: 'Postfix does the same',
  },
  junk_commands_per_connection: {
    value: 100,
    doc: 'NOOP, RSET, VRFY, HELP, EHLO and the like since the last accepted message, after which the connection is closed (421)',
    why: 'Postfix does the same',
  },
  postponed_commands_per_connection: {
    value: 2_000,
    doc: 'Commands refused for want of something of ours (disk, memory: 4yz with status 4.3.x), and what only follows from such a refusal, since the last accepted message, after which the connection is closed (421 4.3.2)',
    why: 'a client that keeps its connection and tries again does what it should; twice the recipients of one message',
  },
  login_tries_per_connection: {
    value: 5,
    doc: 'Failed logins of one connection, after which it is closed (421)',
    why: 'slows down guessing',
  },
  connections_per_address: {
    value: 50,
    doc: 'Connections one client address (IPv6: one /64 network) may hold (421)',
    why: 'Postfix does the same',
  },
  connections_in_all: {
    value: 2_000,
    doc: 'Connections of all clients of one listener (421)',
    why: 'a connection costs a descriptor; keep it well below the limit of open files',
  },
  load_percent: {
    value: 80,
    doc: 'Share of connections_in_all from which on the shorter waits "under load" hold',
    why: 'slow clients should not keep others out',
  },
  command_seconds: {
    value: 300,
    doc: 'Wait for a whole command',
    why: 'RFC 5321 §4.5.3.2.7',
  },
  command_seconds_under_load: {
    value: 30,
    doc: 'The same while most connections are taken',
    why: 'our choice between patience and service',
  },
  data_block_seconds: {
    value: 180,
    doc: 'Wait for the next octets of a message',
    why: 'RFC 5321 §4.5.3.2.5',
  },
  data_bytes_per_second: {
    value: 500,
    doc: 'Least rate of a message as a whole, after the first data_block_seconds',
    why: 'Postfix: minimum data rate',
  },
  tls_handshake_seconds: {
    value: 60,
    doc: 'Wait for the TLS handshake',
    why: 'our choice',
  },
  proxy_header_seconds: {
    value: 5,
    doc: 'Wait for the PROXY protocol header',
    why: 'the specification suggests 3 seconds at least, for one lost packet',
  },
  early_talk_milliseconds: {
    value: 10,
    doc: 'Pause before the banner in which a client that talks first gives itself away (521)',
    why: 'RFC 5321 §3.1; short enough not to be felt, and never spent on DNS',
  },
  stop_seconds: {
    value: 30,
    doc: 'Time running transactions have when the server stops',
    why: 'the usual patience of service managers is 90 s',
  },
} as const satisfies Record<string, Limit>;

export type SmtpLimitName = keyof typeof smtpLimits;
export type SmtpLimits = Readonly<Record<SmtpLimitName, number>>;

/** The defaults, with some of them replaced. */
export function smtpLimitsWith(overrides: Partial<SmtpLimits> = {}): SmtpLimits {
  const defaults = Object.entries(smtpLimits).map(([name, limit]) => [name, limit.value]);
  return { ...(Object.fromEntries(defaults) as SmtpLimits), ...overrides };
}
