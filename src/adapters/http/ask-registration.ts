/**
 * Asks the registry of a domain until when it is registered, by RDAP over the guarded HTTP client: IANA's list says whose server knows
 * (RFC 9224), that server answers (RFC 9082, RFC 9083). Of the answer only the date is kept: the rest may be about people.
 */
import type { Outcome } from '../../base/outcome.ts';
import type { WebRefusal } from '../../base/port/web.ts';
import type { DomainName } from '../../format/domain-name.ts';
import { rdapListOctetsMax, rdapListUrl, rdapServersFor } from '../../protocol/rdap/find-servers.ts';
import { rdapAnswerOctetsMax, rdapDomainUrl, registrationEnd } from '../../protocol/rdap/registration-end.ts';
import type { Probes, RegistrationAnswer } from '../../services/advice/doctor/types.ts';
import type { GuardedHttp, HttpAnswer } from './guarded-http.ts';

const requestMs = 10_000;
/** RFC 7480 §5.2: a server may know who knows better. (The number is our choice.) */
const redirectsMax = 3;

/** IANA's list is fetched once, however many domains are asked for. */
export function registrationAsker(http: Pick<GuardedHttp, 'ask'>): NonNullable<Probes['registration']> {
  let list: Promise<Came> | undefined;
  return async (domain) => {
    list ??= get(http, rdapListUrl, { accept: 'application/json', octetsMax: rdapListOctetsMax });
    const came = await list;
    if (!came.ok) return unknown(`IANA’s list of registries could not be fetched: ${came.say}`);
    const servers = rdapServersFor(came.value.octets, domain);
    if (came.value.status !== 200 || servers === undefined)
      return unknown(`IANA’s list of registries could not be read (status ${came.value.status})`);
    const [server] = servers;
    if (server === undefined) return unknown(`the registry of .${domain.split('.').at(-1)} offers no RDAP`);
    return askServer(http, server, domain);
  };
}

type Came = Outcome<HttpAnswer, WebRefusal>;

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
