/**
 * Asks the registry of a domain until when it is registered, by RDAP over the guarded HTTP client: IANA's list says whose server knows
 * (RFC 9224), that server answers (RFC 9082, RFC 9083). Of the answer only the date is kept: the rest may be about people.
 */
import type { Timers } from '../../base/clock.ts';
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { WebRefusal } from '../../base/port/web.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { rdapListOctetsMax, rdapListUrl, rdapServersFor } from '../../protocol/rdap/find-servers.ts';
import { rdapAnswerOctetsMax, rdapDomainUrl, registrationEnd } from '../../protocol/rdap/registration-end.ts';
import type { Probes, RegistrationAnswer } from '../../services/advice/doctor/types.ts';
import type { GuardedHttp, HttpAnswer } from './guarded-http.ts';

const requestMs = 10_000;
/** RFC 7480 §5.2: a server may know who knows better. (The number is our choice.) */
const redirectsMax = 3;

/** Whoever watches for weeks learns of new registries. (Our choice.) */
const listKeptMs = 86_400_000;
/** Until a list that did not come, or could not be read, is fetched again: IANA is not asked for every domain of many. (Our choice.) */
const listAgainMs = 60_000;

export type RegistrationPorts = {
  readonly http: Pick<GuardedHttp, 'ask'>;
  readonly timers: Pick<Timers, 'monotonicMs'>;
};

type Held = { readonly list: Promise<Came>; untilMs: number };

/** IANA's list is fetched once for all domains of a day. */
export function registrationAsker({ http, timers }: RegistrationPorts): NonNullable<Probes['registration']> {
  let held: Held | undefined;
  return async (domain) => {
    const nowMs = timers.monotonicMs();
    if (held === undefined || nowMs >= held.untilMs) held = { list: fetchList(http), untilMs: nowMs + listKeptMs };
    const from = held;
    const servers = serversIn(await from.list, domain);
    if (!servers.ok) {
      from.untilMs = Math.min(from.untilMs, timers.monotonicMs() + listAgainMs);
      return unknown(servers.say);
    }
    const [server] = servers.value;
    if (server === undefined) return unknown(`the registry of .${domain.split('.').at(-1)} offers no RDAP`);
    return askServer(http, server, domain);
  };
}

type Came = Outcome<HttpAnswer, WebRefusal>;

function fetchList(http: Pick<GuardedHttp, 'ask'>): Promise<Came> {
  return get(http, rdapListUrl, { accept: 'application/json', octetsMax: rdapListOctetsMax });
}

function serversIn(came: Came, domain: DomainName): Outcome<readonly string[], 'no-list'> {
  if (!came.ok) return refuse('no-list', `IANA’s list of registries could not be fetched: ${came.say}`);
  const { status, octets } = came.value;
  const servers = status === 200 ? rdapServersFor(octets, domain) : undefined;
  return servers === undefined
    ? refuse('no-list', `IANA’s list of registries could not be read (status ${status})`)
    : accept(servers);
}

async function askServer(
  http: Pick<GuardedHttp, 'ask'>,
  server: string,
  domain: DomainName,
): Promise<RegistrationAnswer> {
  // RFC 7480 §4.2
  const wish = { accept: 'application/rdap+json', octetsMax: rdapAnswerOctetsMax };
  const came = await get(http, rdapDomainUrl(server, domain), wish);
  const { host } = new URL(server);
  if (!came.ok) return unknown(`${host} gave no answer: ${came.say}`);
  const { status, octets } = came.value;
  if (status === 404) return unknown(`${host} does not know ${domain}`); // RFC 7480 §5.3
  if (status === 429) return unknown(`${host} asks for fewer questions for now (status 429)`); // RFC 7480 §5.5
  if (status !== 200) return unknown(`${host} answered with status ${status}`);
  const end = registrationEnd(octets, domain);
  return end.ok ? { kind: 'told', untilMs: end.value, server: host } : unknown(`${host}: ${end.say}`);
}

async function get(
  http: Pick<GuardedHttp, 'ask'>,
  url: string,
  { accept, octetsMax }: { readonly accept: string; readonly octetsMax: number },
): Promise<Came> {
  const wish = { method: 'GET', headers: { accept }, octetsMax, timeMs: requestMs } as const;
  let came = await http.ask(url, wish);
  let at = url;
  for (let redirects = 0; redirects < redirectsMax; redirects++) {
    const next = nextOf(came, at);
    if (next === undefined) return came;
    at = next;
    came = await http.ask(at, wish);
  }
  return came;
}

function nextOf(came: Came, from: string): string | undefined {
  if (!came.ok || came.value.location === undefined) return undefined;
  const isRedirect = [301, 302, 303, 307, 308].includes(came.value.status);
  return isRedirect ? URL.parse(came.value.location, from)?.href : undefined;
}

function unknown(why: string): RegistrationAnswer {
  return { kind: 'unknown', why };
}
