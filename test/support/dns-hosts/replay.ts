/**
 * DNS hosts whose API is replayed from its documentation: they keep a zone, look strictly at what they are asked, page, quote and split
 * in their own way, and complain in their own words. In the process for our editors, over HTTP for the vendors' own clients.
 */
import type { Timers } from '../../../src/base/clock.ts';
import type { RecordSet, SetupType } from '../../../src/services/setup/types.ts';
import type { HostTrouble } from '../../contracts/zone-editor.ts';

export type ReplayRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
/** A body that is no text goes out as JSON. */
export type ReplayAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

export type ReplayHost = {
  readonly handle: (request: ReplayRequest) => ReplayAnswer;
  /** In its own words. */
  readonly complaints: Readonly<Record<'denied' | 'limited' | 'broken', ReplayAnswer>>;
  /** Never in trouble: where tokens are fetched. */
  readonly isElsewhere?: (path: string) => boolean;
  /** Past the API; no values: the set goes. */
  readonly put: (set: RecordSet) => void;
  /** What an editor must not touch. */
  readonly foreign: () => unknown;
};

export type Replay = ReplayHost & {
  readonly base: string;
  readonly exchange: (
    url: URL,
    request: { readonly method: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
    signal: AbortSignal,
  ) => Promise<{ status: number; headers: Readonly<Record<string, string>>; text: string }>;
  readonly requests: ReplayRequest[];
  readonly trouble: (trouble: HostTrouble | undefined) => void;
  /** Answers the next requests of this kind like that, one each. */
  readonly next: (method: string, path: RegExp, ...answers: readonly ReplayAnswer[]) => void;
};

export function replayOf(host: ReplayHost): Replay {
  const requests: ReplayRequest[] = [];
  const waiting: { readonly method: string; readonly path: RegExp; readonly answers: ReplayAnswer[] }[] = [];
  let trouble: HostTrouble | undefined;
  const answerTo = (request: ReplayRequest): ReplayAnswer => {
    requests.push(request);
    const prepared = waiting.find(
      ({ method, path, answers }) => method === request.method && path.test(request.url.pathname) && answers.length > 0,
    );
    if (prepared) return prepared.answers.shift() as ReplayAnswer;
    if (trouble === undefined || trouble === 'hangs' || trouble === 'half' || host.isElsewhere?.(request.url.pathname))
      return host.handle(request);
    return host.complaints[trouble];
  };
  return {
    ...host,
    base: 'http://127.0.0.1',
    requests,
    trouble: (wanted) => {
      trouble = wanted;
    },
    next: (method, path, ...answers) => void waiting.push({ method, path, answers: [...answers] }),
    exchange: async (url, { method, headers = {}, body = '' }, signal) => {
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      const request = { method, url, headers: { host: url.host, ...lower }, body };
      const isElsewhere = host.isElsewhere?.(url.pathname) ?? false;
      if (trouble === 'hangs' && !isElsewhere) await aborted(signal);
      const { status, headers: fields = {}, body: said } = answerTo(request);
      const text = textOf(said);
      return {
        status,
        headers: fields,
        text: trouble === 'half' && !isElsewhere ? text.slice(0, text.length / 2) : text,
      };
    },
  };
}

function textOf(body: unknown): string {
  return body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(new Error('aborted'));
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

/** Waits take no time, and no limit is ever reached. */
export const noTime: Timers = {
  nowMs: () => Date.UTC(2026, 10, 22, 16, 30),
  monotonicMs: () => 0,
  sleep: () => Promise.resolve(),
  after: () => () => {},
};

// ---- Words of hosts

const endsInName: readonly string[] = ['CNAME', 'MX', 'NS', 'PTR', 'SRV'];

export function withDot(type: SetupType, value: string): string {
  return endsInName.includes(type) && !value.endsWith('.') ? `${value}.` : value;
}

/** In pieces shorter than they need to be: a host may cut where it likes. */
export function quotedText(value: string, most = 100): string {
  const pieces = value.match(new RegExp(`[^]{1,${most}}`, 'g')) ?? [''];
  return pieces.map((piece) => `"${[...piece].map(quotedOctet).join('')}"`).join(' ');
}

function quotedOctet(octet: string): string {
  if (octet === '"' || octet === '\\') return `\\${octet}`;
  return octet >= ' ' && octet <= '~' ? octet : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`;
}

/** The text of quoted strings, or undefined when they are not as RFC 1035 §5.1 has them; `escapes` gives a `\NNN` its radix. */
export function unquotedText(text: string, escapes: 8 | 10 = 10): string | undefined {
  const strings = text.match(/"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[0-9]{3}|\\[^0-9])*"/g) ?? [];
  if (strings.length === 0 || strings.join(' ') !== text) return undefined;
  const plain = strings.map((string) =>
    string
      .slice(1, -1)
      .replace(/\\(?:([0-9]{3})|(.))/g, (_all, number: string | undefined, mark: string) =>
        number === undefined ? mark : String.fromCharCode(Number.parseInt(number, escapes)),
      ),
  );
  return plain.some((string) => string.length > 255) ? undefined : plain.join('');
}

const forms: Readonly<Record<string, RegExp>> = {
  A: /^\d+\.\d+\.\d+\.\d+$/,
  AAAA: /^[0-9a-f:.]+$/,
  CNAME: /^[^ ]+\.$/,
  MX: /^\d+ ([^ ]+\.|\.)$/,
  NS: /^[^ ]+\.$/,
  PTR: /^[^ ]+\.$/,
  SRV: /^\d+ \d+ \d+ [^ ]+\.$/,
  CAA: /^\d+ [a-z]+ "[^"]*"$/,
  TLSA: /^\d \d \d [0-9a-f]+$/,
};

/** Whether this is zone text of that type, with absolute names. */
export function isZoneText(type: string, text: string): boolean {
  return type === 'TXT' ? unquotedText(text) !== undefined : (forms[type]?.test(text) ?? false);
}

/** Fields of a request that are missing or that nobody knows. */
export function wrongFields(
  body: unknown,
  required: readonly string[],
  optional: readonly string[] = [],
): readonly string[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return ['body'];
  const names = Object.keys(body);
  return [
    ...required.filter((name) => !names.includes(name)),
    ...names.filter((name) => ![...required, ...optional].includes(name)),
  ];
}

export function jsonBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
