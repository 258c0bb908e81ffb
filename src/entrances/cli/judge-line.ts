/**
 * One line of `posthorn auth --jsonl`: a session, perhaps with a message and the DNS to judge it by, becomes a verdict or says why it
 * cannot be read. The shapes are those of `protocol/auth-report-json.ts`; without a message there is `spf` alone. `dkim2` stands beside them
 * where it was asked for.
 */
import { type Clock, fixedClock } from '../../base/clock.ts';
import { parseIpAddress } from '../../format/ip-address.ts';
import { parseZoneText } from '../../format/zone-file.ts';
import {
  type AuthReportDocument,
  authReportDocument,
  type SpfDocument,
  spfDocument,
} from '../../protocol/auth-report-json.ts';
import { type Authenticator, createAuthenticator } from '../../protocol/authenticate.ts';
import { type Dkim2Document, dkim2Document } from '../../protocol/dkim2/document.ts';
import type { Resolver } from '../../protocol/dns/types.ts';
import { zoneResolver } from '../../protocol/dns/zone-resolver.ts';
import { judgeDkim2 } from '../../protocol/judge-dkim2.ts';
import type { SpfSession } from '../../protocol/spf/types.ts';
import { parseInstant } from './read-options.ts';

export type LineAnswer =
  | ({ readonly id?: unknown } & MessageDocument)
  | { readonly id?: unknown; readonly spf: SpfDocument }
  | { readonly id?: unknown; readonly error: string };

type MessageDocument = AuthReportDocument & { readonly dkim2?: Dkim2Document };

export type LineJudge = (line: Uint8Array | undefined) => Promise<LineAnswer>;

/** A message of 64 MB in base64 with its zone; longer lines are answered with an error. */
export const lineMaxBytes = 96 * 1024 * 1024;

/** Zones that lines bring along are kept for the lines after: test suites repeat theirs. */
const zonesKept = 16;

type Case = {
  readonly session: SpfSession;
  /** For DKIM2 alone. */
  readonly rcptTo: readonly string[] | undefined;
  readonly message: Uint8Array | undefined;
  readonly zone: string | undefined;
  readonly clockMs: number | undefined;
};

type World = { readonly resolver: Resolver; readonly clock: Clock; readonly authenticator: Authenticator };

/** @param dns for lines without a zone of their own; called when the first of them comes */
export function createLineJudge(
  dns: () => Promise<Resolver>,
  clock: Clock,
  { dkim2 = false }: { readonly dkim2?: boolean } = {},
): LineJudge {
  const zones = new Map<string, Resolver>();
  const worldOf = (deps: Omit<World, 'authenticator'>): World => ({
    ...deps,
    authenticator: createAuthenticator(deps),
  });
  const shared = once(async () => worldOf({ resolver: await dns(), clock }));
  const worldFor = async ({ zone, clockMs }: Case): Promise<World> => {
    if (zone === undefined && clockMs === undefined) return shared();
    const resolver = zone === undefined ? await dns() : keep(zones, zone);
    return worldOf({ resolver, clock: clockMs === undefined ? clock : fixedClock(clockMs) });
  };
  return async (line) => {
    const parsed = parseLine(line);
    if ('error' in parsed) return parsed;
    const { id, members } = parsed;
    try {
      const one = readCase(members);
      return { ...id, ...(await judge(await worldFor(one), one, dkim2)) };
    } catch (error) {
      if (error instanceof BadLine) return { ...id, error: error.message };
      throw error;
    }
  };
}

async function judge(
  { authenticator, ...deps }: World,
  { session, rcptTo, message }: Case,
  dkim2: boolean,
): Promise<MessageDocument | { readonly spf: SpfDocument }> {
  if (message === undefined) return { spf: spfDocument(await authenticator.evaluateSpf(session)) };
  const report = authReportDocument(await authenticator.authenticate(message, session));
  if (!dkim2) return report;
  const envelope = { mailFrom: session.mailFrom, ...(rcptTo && { rcptTo }) };
  return { ...report, dkim2: dkim2Document(await judgeDkim2(message, envelope, deps)) };
}

/** Something in a line that cannot be judged; its message goes into the answer. */
class BadLine extends Error {
  override readonly name = 'BadLine';
}

function parseLine(
  line: Uint8Array | undefined,
):
  | { readonly id: { readonly id?: unknown }; readonly members: Readonly<Record<string, unknown>> }
  | { readonly error: string } {
  if (line === undefined) return { error: `the line is longer than ${lineMaxBytes} octets` };
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch {
    return { error: 'the line is not JSON in UTF-8' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { error: 'the line is no JSON object' };
  const members = value as Readonly<Record<string, unknown>>;
  return { id: Object.hasOwn(members, 'id') ? { id: members.id } : {}, members };
}

function readCase(members: Readonly<Record<string, unknown>>): Case {
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(members, name) ? members[name] : undefined;
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') throw new BadLine(`${name} must be a text`);
    return value;
  };
  const needed = (name: string): string => {
    const value = text(name);
    if (value === undefined) throw new BadLine(`${name} is missing`);
    return value;
  };
  const remoteAddress = needed('remote_address');
  if (parseIpAddress(remoteAddress) === undefined) throw new BadLine('remote_address is no IP address');
  const receiver = text('receiver');
  const session = { remoteAddress, helo: needed('helo'), mailFrom: needed('mail_from') };
  const message = text('message');
  const clock = text('clock');
  return {
    session: receiver === undefined ? session : { ...session, receiver },
    rcptTo: readRecipients(members),
    message: message === undefined ? undefined : decode(message),
    zone: text('zone'),
    clockMs: clock === undefined ? undefined : readInstant(clock),
  };
}

function readRecipients(members: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  const value = Object.hasOwn(members, 'rcpt_to') ? members.rcpt_to : undefined;
  if (value === undefined || value === null) return undefined;
  const isText = (one: unknown): one is string => typeof one === 'string';
  if (!Array.isArray(value) || !value.every(isText)) throw new BadLine('rcpt_to must be a list of texts');
  return value;
}

/** Line ends between the groups are harmless; a message that was cut off is not judged as another one. RFC 4648 §4 */
function decode(base64: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(base64, { lastChunkHandling: 'strict' });
  } catch {
    throw new BadLine('message is not base64');
  }
}

function readInstant(text: string): number {
  const atMs = parseInstant(text);
  if (atMs === undefined) throw new BadLine('clock must be a time like 2026-11-22T06:00:00Z');
  return atMs;
}

function keep(zones: Map<string, Resolver>, text: string): Resolver {
  const kept = zones.get(text);
  if (kept !== undefined) return kept;
  const parsed = parseZoneText(text);
  if (!parsed.ok) throw new BadLine(`zone: ${parsed.say}`);
  const resolver = zoneResolver([parsed.value]);
  const [oldest] = zones.keys();
  if (zones.size >= zonesKept && oldest !== undefined) zones.delete(oldest);
  zones.set(text, resolver);
  return resolver;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
