/** What the other side offers in its answer to EHLO. Unknown keywords and malformed ones are simply not offered. */

export type Capabilities = {
  /** It answered EHLO, not only HELO. */
  readonly extended: boolean;
  readonly startTls: boolean;
  readonly pipelining: boolean;
  readonly eightBit: boolean;
  readonly smtpUtf8: boolean;
  /** SIZE is known (RFC 1870 §4). */
  readonly size: boolean;
  /** The largest message it takes, where it said one. */
  readonly sizeMax?: number;
  /** BDAT is known (RFC 3030 §2). */
  readonly chunking: boolean;
  /** Notifications can be asked for (RFC 3461 §3). */
  readonly dsn: boolean;
  /** RFC 9422 §4.1: MAIL commands in one session, refused ones too. */
  readonly mailMax?: number;
  /** RFC 9422 §4.2: RCPT commands in one transaction. */
  readonly rcptMax?: number;
  /** RFC 9422 §4.3: domains of recipients in one session. */
  readonly rcptDomainMax?: number;
  /** SASL mechanisms, upper case. */
  readonly auth: readonly string[];
};

export const noCapabilities: Capabilities = {
  extended: false,
  startTls: false,
  pipelining: false,
  eightBit: false,
  smtpUtf8: false,
  size: false,
  chunking: false,
  dsn: false,
  auth: [],
};

/** @param lines text of the EHLO reply, line by line; the first one is only a greeting. RFC 5321 §4.1.1.1 */
export function readCapabilities(lines: readonly string[]): Capabilities {
  const offered = new Map<string, readonly string[]>();
  for (const line of lines.slice(1)) {
    const [keyword = '', ...parameters] = line.trim().toUpperCase().split(/ +/);
    if (!offered.has(keyword)) offered.set(keyword, parameters);
  }
  const size = offered.get('SIZE')?.[0] ?? '';
  const sizeMax = /^\d{1,15}$/.test(size) ? Number(size) : 0;
  const eightBit = offered.has('8BITMIME');
  return {
    extended: true,
    startTls: offered.has('STARTTLS'),
    pipelining: offered.has('PIPELINING'),
    eightBit,
    smtpUtf8: offered.has('SMTPUTF8') && eightBit, // RFC 6531 §3.1: one may not be offered without the other
    size: offered.has('SIZE'),
    ...(sizeMax > 0 ? { sizeMax } : {}), // RFC 1870 §4: 0 or nothing = no fixed limit
    chunking: offered.has('CHUNKING'),
    dsn: offered.has('DSN'),
    ...readLimits(offered.get('LIMITS') ?? []),
    auth: offered.get('AUTH') ?? [],
  };
}

/** RFC 9422 §3: limits we do not know are passed over, and so are values that are none. */
function readLimits(parameters: readonly string[]): Pick<Capabilities, 'mailMax' | 'rcptMax' | 'rcptDomainMax'> {
  return Object.fromEntries(
    parameters.flatMap((parameter) => {
      const [, name, value] = /^([A-Z]+)=([1-9]\d{0,5})$/.exec(parameter) ?? []; // RFC 9422 §4.1: no zero, six digits at most
      const member = limitMembers.get(name ?? '');
      return member === undefined ? [] : [[member, Number(value)]];
    }),
  );
}

const limitMembers: ReadonlyMap<string, 'mailMax' | 'rcptMax' | 'rcptDomainMax'> = new Map([
  ['MAILMAX', 'mailMax'],
  ['RCPTMAX', 'rcptMax'],
  ['RCPTDOMAINMAX', 'rcptDomainMax'],
]);
